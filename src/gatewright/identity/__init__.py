"""People: passwords, login sessions, and the throttling of guesses. No framework type, no HTTP."""

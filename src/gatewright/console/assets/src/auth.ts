// For the pages where people sign in and consent. Each works without this file; passkeys alone need it.
import { consent } from "./consent";
import { passkeys } from "./passkeys";

passkeys();
consent();

/**
 * Buttons with `data-passkey="create"` or `"get"` ask the browser for a passkey by `data-options`, put it as JSON into
 * the field of their form that `data-field` names, and send the form. Where there are no passkeys they stay hidden.
 * `data-origin`: where alone they work.
 */
export function passkeys(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-passkey]")) {
    if (!window.PublicKeyCredential) continue;
    button.hidden = false;
    for (const beside of document.querySelectorAll<HTMLElement>("[data-with-passkey]")) beside.hidden = false;
    button.addEventListener("click", (event) => {
      event.preventDefault();
      void use(button);
    });
  }
}

async function use(button: HTMLButtonElement): Promise<void> {
  const form = button.form;
  const { passkey, field = "credential", options = "{}", origin } = button.dataset;
  if (!form) return;
  if (passkey === "create" && !form.reportValidity()) return;
  if (origin && origin !== location.origin) {
    tell(form, `Passkeys work at ${origin} only. Open this page there.`);
    return;
  }
  tell(form, "");
  button.disabled = true;
  try {
    const credential = await (passkey === "create" ? create(options) : get(options));
    (form.elements.namedItem(field) as HTMLInputElement).value = JSON.stringify(credential);
    form.submit();
  } catch (error) {
    button.disabled = false;
    tell(form, reason(error));
  }
}

async function create(text: string): Promise<unknown> {
  const options = JSON.parse(text);
  const credential = (await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: options.excludeCredentials.map(descriptor),
    },
  })) as PublicKeyCredential;
  const response = credential.response as AuthenticatorAttestationResponse;
  return {
    ...outside(credential),
    response: {
      clientDataJSON: text64(response.clientDataJSON),
      attestationObject: text64(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    },
  };
}

async function get(text: string): Promise<unknown> {
  const options = JSON.parse(text);
  const credential = (await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: options.allowCredentials.map(descriptor),
    },
  })) as PublicKeyCredential;
  const response = credential.response as AuthenticatorAssertionResponse;
  return {
    ...outside(credential),
    response: {
      clientDataJSON: text64(response.clientDataJSON),
      authenticatorData: text64(response.authenticatorData),
      signature: text64(response.signature),
      userHandle: response.userHandle ? text64(response.userHandle) : null,
    },
  };
}

function outside(credential: PublicKeyCredential): object {
  return { id: credential.id, rawId: text64(credential.rawId), type: credential.type, clientExtensionResults: {} };
}

function descriptor(each: { id: string; type: "public-key"; transports: AuthenticatorTransport[] }): PublicKeyCredentialDescriptor {
  return { ...each, id: bytes(each.id) };
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

function text64(buffer: ArrayBuffer): string {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function reason(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "InvalidStateError") return "This device has a passkey of yours for this server already.";
  if (name === "NotAllowedError") return "Nothing was chosen, or it took too long. Try again.";
  if (name === "SecurityError") return "Passkeys do not work at this address. Open the page at the server's own address.";
  return "The browser could not use a passkey here.";
}

function tell(form: HTMLFormElement, sentence: string): void {
  const place = form.querySelector<HTMLElement>("[data-passkey-error]");
  if (!place) return;
  place.textContent = sentence;
  place.hidden = !sentence;
}

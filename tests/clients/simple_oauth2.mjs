// simple-oauth2, unmodified: each of its grants, with each way it can authenticate and write its body.
// Reads one JSON argument: {issuer, client: {id, secret}, redirectUri, user: {name, password}}. Writes {open} as a line when a
// person must open an address, and reads where the browser was sent as a line; last it writes what came out.
import { createInterface } from "node:readline";
import simple from "simple-oauth2";

const given = JSON.parse(process.argv[2]);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const ways = ["header", "body"].flatMap((authorizationMethod) =>
  ["form", "json"].map((bodyFormat) => ({ authorizationMethod, bodyFormat })),
);
const config = (options) => ({
  client: given.client,
  auth: { tokenHost: given.issuer, tokenPath: "/oauth/token", revokePath: "/oauth/revoke" },
  options,
});

async function call(access) {
  const headers = { authorization: `Bearer ${access.token.access_token}` };
  return (await fetch(`${given.issuer}/invoke/orders/whoami`, { headers })).status;
}

const said = [];
for (const options of ways) {
  const code = new simple.AuthorizationCode(config(options));
  const asked = { redirect_uri: given.redirectUri, scope: ["orders", "customers"], state: "<state>" };
  console.log(JSON.stringify({ open: code.authorizeURL(asked) }));
  const sentTo = new URL((await lines.next()).value);
  const first = await code.getToken({ code: sentTo.searchParams.get("code"), redirect_uri: given.redirectUri });
  const second = await first.refresh({ scope: "orders" });
  const narrowed = second.token.scope;
  const restored = code.createToken(JSON.parse(JSON.stringify(second)));
  const before = await call(restored);
  await restored.revokeAll();

  const machine = await new simple.ClientCredentials(config(options)).getToken({ scope: "orders" });
  const own = await call(machine);
  await machine.revoke("access_token");

  const { name: username, password } = given.user;
  const person = await new simple.ResourceOwnerPassword(config(options)).getToken({ username, password, scope: "orders" });
  let refusal;
  try {
    await new simple.ResourceOwnerPassword(config(options)).getToken({ username, password, scope: "unheard-of" });
  } catch (error) {
    refusal = error.data.payload.error;
  }
  said.push({
    state: sentTo.searchParams.get("state"),
    scope: [first.token.scope, narrowed],
    expired: first.expired(),
    code: [before, await call(restored)],
    machine: [own, await call(machine)],
    person: await call(person),
    refusal,
  });
}
console.log(JSON.stringify({ said }));
process.exit(0);

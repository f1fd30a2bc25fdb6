// oauth4webapi, unmodified: every-day flows, each answer held to what the library demands of it.
// Reads one JSON argument: {issuer, client: {id, secret}, spa: {id, redirectUri}, gateway: {id, secret}, service}. Writes {open} as
// a line when a person must open an address, and reads where the browser was sent as a line; last it writes what came out.
import { createInterface } from "node:readline";
import * as oauth from "oauth4webapi";

const given = JSON.parse(process.argv[2]);
const insecure = { [oauth.allowInsecureRequests]: true }; // plain HTTP on this machine
const issuer = new URL(given.issuer);
const found = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: "oauth2" });
const server = await oauth.processDiscoveryResponse(issuer, found);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const status = async (path, token) =>
  (await fetch(given.issuer + path, { headers: { authorization: `Bearer ${token}` } })).status;

// A public client: authorization code with PKCE, then refresh.
const spa = { client_id: given.spa.id };
async function approved() {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const page = new URL(server.authorization_endpoint);
  page.search = new URLSearchParams({
    client_id: spa.client_id, response_type: "code", redirect_uri: given.spa.redirectUri, scope: "orders", state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
  });
  console.log(JSON.stringify({ open: page.href }));
  const callback = oauth.validateAuthResponse(server, spa, new URL((await lines.next()).value), state);
  return oauth.processAuthorizationCodeResponse(
    server, spa,
    await oauth.authorizationCodeGrantRequest(
      server, spa, oauth.None(), callback, given.spa.redirectUri, verifier, insecure,
    ),
  );
}
const first = await approved();
const second = await oauth.processRefreshTokenResponse(
  server, spa, await oauth.refreshTokenGrantRequest(server, spa, oauth.None(), first.refresh_token, insecure),
);
const spaStatus = await status("/invoke/orders/whoami", second.access_token);
await oauth.processRevocationResponse(
  await oauth.revocationRequest(server, spa, oauth.None(), second.refresh_token, insecure),
);
const spaRevoked = await status("/invoke/orders/whoami", second.access_token);

// Client credentials by every method that the library has, and the challenge of a bad one.
const client = { client_id: given.client.id };
const byKey = { client_id: given.signer.id };
const key = await crypto.subtle.importKey("jwk", given.signer.key, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
const methods = {
  basic: [client, oauth.ClientSecretBasic(given.client.secret)],
  post: [client, oauth.ClientSecretPost(given.client.secret)],
  privateKeyJwt: [byKey, oauth.PrivateKeyJwt({ key, kid: given.signer.key.kid })],
};
const machine = {};
for (const [name, [as, authentication]] of Object.entries(methods)) {
  const answer = await oauth.clientCredentialsGrantRequest(server, as, authentication, { scope: "orders" }, insecure);
  machine[name] = await oauth.processClientCredentialsResponse(server, as, answer);
}
let challenged;
try {
  const wrong = oauth.ClientSecretBasic("wrong");
  await oauth.processClientCredentialsResponse(
    server, client, await oauth.clientCredentialsGrantRequest(server, client, wrong, {}, insecure),
  );
} catch (error) {
  challenged = [error.name, error.cause[0].scheme];
}

// Introspection, plain and signed.
const gateway = { client_id: given.gateway.id };
const byGateway = oauth.ClientSecretBasic(given.gateway.secret);
const text = machine.basic.access_token;
const plain = await oauth.processIntrospectionResponse(
  server, gateway, await oauth.introspectionRequest(server, gateway, byGateway, text, insecure),
);
const signedAnswer = await oauth.introspectionRequest(
  server, gateway, byGateway, text, { ...insecure, requestJwtResponse: true },
);
const signed = await oauth.processIntrospectionResponse(server, gateway, signedAnswer);
await oauth.validateApplicationLevelSignature(server, signedAnswer, insecure);

// The library as a resource server, of a JWT access token.
const request = new Request(given.issuer, { headers: { authorization: `Bearer ${machine.privateKeyJwt.access_token}` } });
const claims = await oauth.validateJwtAccessToken(server, request, given.issuer, insecure);

// Protected resource metadata, and dynamic registration.
const resource = new URL(`${given.issuer}/invoke/orders/whoami`);
const described = await oauth.processResourceDiscoveryResponse(
  resource, await oauth.resourceDiscoveryRequest(resource, insecure),
);
const registered = await oauth.processDynamicClientRegistrationResponse(
  await oauth.dynamicClientRegistrationRequest(
    server, { redirect_uris: ["https://new.example/cb"], token_endpoint_auth_method: "client_secret_post" }, insecure,
  ),
);

console.log(JSON.stringify({
  spa: [spaStatus, spaRevoked],
  machine: Object.fromEntries(Object.entries(machine).map(([name, answer]) => [name, answer.scope])),
  challenged,
  introspected: [plain.active, plain.client_id, signed.active, signed.client_id],
  claims: [claims.client_id, claims.scope],
  described: [described.authorization_servers, described.scopes_supported],
  registered: registered.token_endpoint_auth_method,
}));
process.exit(0);

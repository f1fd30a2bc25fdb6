// oauth4webapi, unmodified: a pushed authorization request for one resource, and the device grant.
// Reads one JSON argument: {issuer, client: {id, secret}, redirectUri, resource}. Writes a line of JSON for each address that
// a person must open, {open, connect?}, and reads where the browser was sent as a line; last it writes what came out.
import { createInterface } from "node:readline";
import * as oauth from "oauth4webapi";

const given = JSON.parse(process.argv[2]);
const insecure = { [oauth.allowInsecureRequests]: true }; // plain HTTP on this machine
const issuer = new URL(given.issuer);
const found = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: "oauth2" });
const server = await oauth.processDiscoveryResponse(issuer, found);
const client = { client_id: given.client.id };
const authentication = oauth.ClientSecretBasic(given.client.secret);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function person(asked) {
  console.log(JSON.stringify(asked));
  return (await lines.next()).value;
}

// Pushed request (RFC 9126) for one resource (RFC 8707), with PKCE.
const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const pushed = await oauth.processPushedAuthorizationResponse(
  server,
  client,
  await oauth.pushedAuthorizationRequest(
    server, client, authentication,
    {
      response_type: "code", redirect_uri: given.redirectUri, scope: "orders customers", state, resource: given.resource,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
    },
    insecure,
  ),
);
const page = new URL(server.authorization_endpoint);
page.searchParams.set("client_id", client.client_id);
page.searchParams.set("request_uri", pushed.request_uri);
const sentTo = new URL(await person({ open: page.href }));
const callback = oauth.validateAuthResponse(server, client, sentTo, state);
const token = await oauth.processAuthorizationCodeResponse(
  server,
  client,
  await oauth.authorizationCodeGrantRequest(
    server, client, authentication, callback, given.redirectUri, verifier, insecure,
  ),
);

// The device grant (RFC 8628).
const device = await oauth.processDeviceAuthorizationResponse(
  server, client, await oauth.deviceAuthorizationRequest(server, client, authentication, { scope: "orders" }, insecure),
);
const errors = [];
async function poll() {
  const answer = await oauth.deviceCodeGrantRequest(server, client, authentication, device.device_code, insecure);
  try {
    return await oauth.processDeviceCodeResponse(server, client, answer);
  } catch (error) {
    errors.push(error.error);
    return undefined;
  }
}
await poll();
await person({ open: device.verification_uri_complete, connect: true });
await new Promise((done) => setTimeout(done, device.interval * 1000));
const connected = await poll();

const call = async (path, text) => {
  const answer = await fetch(given.issuer + path, { headers: { authorization: `Bearer ${text}` } });
  return answer.status;
};
console.log(JSON.stringify({
  expiresIn: pushed.expires_in,
  bound: [await call("/invoke/orders/whoami", token.access_token), await call("/invoke/customers/find", token.access_token)],
  errors,
  device: await call("/invoke/orders/whoami", connected.access_token),
}));
process.exit(0);

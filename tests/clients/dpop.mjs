// oauth4webapi, unmodified: tokens bound by DPoP, with server nonces if they are asked for, and token exchange.
// Reads one JSON argument: {issuer, client: {id, secret}, service: {id, secret}, resource}. Writes what came out as JSON.
import * as oauth from "oauth4webapi";

const given = JSON.parse(process.argv[2]);
const insecure = { [oauth.allowInsecureRequests]: true }; // plain HTTP on this machine
const issuer = new URL(given.issuer);
const found = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: "oauth2" });
const server = await oauth.processDiscoveryResponse(issuer, found);
const client = { client_id: given.client.id };
const service = { client_id: given.service.id };
const keys = await oauth.generateKeyPair("ES256");
const DPoP = oauth.DPoP(client, keys);
const asked = [];

// What a server may ask for once: another try with the nonce that it gave.
async function withNonce(attempt) {
  try {
    return await attempt();
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    asked.push("nonce");
    return attempt();
  }
}

const bound = await withNonce(async () =>
  oauth.processClientCredentialsResponse(
    server,
    client,
    await oauth.clientCredentialsGrantRequest(
      server, client, oauth.ClientSecretBasic(given.client.secret), { scope: "orders" }, { DPoP, ...insecure },
    ),
  ),
);

const call = async (token, options) => {
  const answer = await oauth.protectedResourceRequest(
    token, "GET", new URL(given.resource), undefined, undefined, { ...insecure, ...options },
  );
  return answer.json();
};
const seen = await withNonce(() => call(bound.access_token, { DPoP }));
const again = await withNonce(() => call(bound.access_token, { DPoP }));

let stolen;
try {
  await call(bound.access_token, {});
} catch (error) {
  stolen = error.cause.map((challenge) => ({ scheme: challenge.scheme, error: challenge.parameters.error }));
}

const type = "urn:ietf:params:oauth:token-type:access_token";
const exchanged = await oauth.processGenericTokenEndpointResponse(
  server,
  service,
  await oauth.genericTokenEndpointRequest(
    server, service, oauth.ClientSecretPost(given.service.secret), "urn:ietf:params:oauth:grant-type:token-exchange",
    { subject_token: bound.access_token, subject_token_type: type }, insecure,
  ),
);
const asService = await call(exchanged.access_token, {});

console.log(JSON.stringify({
  asked, tokenType: bound.token_type, seen, again, stolen, issued: exchanged.issued_token_type, asService,
}));

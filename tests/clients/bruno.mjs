// Bruno's own parser, unmodified. Reads one JSON argument: {requests: [path], environments: [path], collection: path}.
// Writes what it understood of each file as JSON; a file that it cannot read ends it with status 1.
import { readFileSync } from "node:fs";
import lang from "@usebruno/lang";

const given = JSON.parse(process.argv[2]);
const read = (parse) => (path) => parse(readFileSync(path, "utf8"));
console.log(
  JSON.stringify({
    requests: given.requests.map(read(lang.bruToJsonV2)),
    environments: given.environments.map(read(lang.bruToEnvJsonV2)),
    collection: read(lang.collectionBruToJson)(given.collection),
  }),
);

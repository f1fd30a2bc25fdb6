// Applies changes as the flow editor makes them. node flow_text.mjs ASSETS < [[text, method, …arguments], …]: the texts after.
import { createRequire } from "node:module";
import { join } from "node:path";
import { readFileSync } from "node:fs";

const assets = process.argv[2];
const { buildSync } = createRequire(join(assets, "package.json"))("esbuild");
const options = { entryPoints: [join(assets, "src/flow-text.ts")], bundle: true, format: "esm", platform: "browser", write: false };
const code = buildSync(options).outputFiles[0].text;
const { FlowText } = await import(`data:text/javascript;base64,${Buffer.from(code).toString("base64")}`);

function changed(text, changes) {
  for (const { from, to, insert } of [changes ?? []].flat().sort((one, other) => other.from - one.from)) {
    text = text.slice(0, from) + insert + text.slice(to);
  }
  return text;
}

const answers = JSON.parse(readFileSync(0, "utf8")).map(([text, method, ...given]) => {
  try {
    const answer = new FlowText(text)[method](...given);
    return typeof answer === "string" ? answer : changed(text, answer);
  } catch (error) {
    return `refused: ${error.message}`;
  }
});
process.stdout.write(JSON.stringify(answers));

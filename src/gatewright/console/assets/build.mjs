// Bundles the console's scripts and styles: node build.mjs OUTPUT_FOLDER
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { build } from "esbuild";

const output = process.argv[2];
mkdirSync(output, { recursive: true });
const bundle = await build({
  entryPoints: ["src/console.ts", "src/editor.ts", "src/auth.ts", "css/console.css", "css/auth.css"],
  outdir: output,
  entryNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

const manifest = {};
for (const [file, about] of Object.entries(bundle.metafile.outputs)) {
  if (about.entryPoint) manifest[basename(about.entryPoint).replace(/\.ts$/, ".js")] = basename(file);
}
for (const image of readdirSync("img")) {
  const hash = createHash("sha256").update(readFileSync(join("img", image))).digest("hex").slice(0, 8).toUpperCase();
  const extension = extname(image);
  manifest[image] = `${basename(image, extension)}-${hash}${extension}`;
  copyFileSync(join("img", image), join(output, manifest[image]));
}
writeFileSync(join(output, "manifest.json"), JSON.stringify(manifest, Object.keys(manifest).sort(), 2) + "\n");

// The bundles carry others' work: their licences travel with them.
const packages = new Set();
for (const input of Object.keys(bundle.metafile.inputs)) {
  const found = input.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//);
  if (found) packages.add(found[1]);
}
const notices = [...packages].sort().map((name) => {
  const folder = join("node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = ["LICENSE", "LICENSE.md", "LICENSE.txt"].map((n) => join(folder, n)).find(existsSync);
  return `${name} ${version} (${license})\n\n${file ? readFileSync(file, "utf8").trim() : ""}\n`;
});
writeFileSync(join(output, "LICENSES.txt"), notices.join(`\n${"-".repeat(72)}\n\n`));

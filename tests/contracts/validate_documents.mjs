// Validates the documents named on the command line: prints one line for each thing that is wrong, and nothing else.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";
import { createConfig, lint } from "@redocly/openapi-core";

const NOT_WRONG = new Set(["asyncapi-latest-version"]); // 3.0 is what most tools read

const parser = new Parser();
// A call that opens a document always leads elsewhere (303): it has no answer of its own.
const config = await createConfig({ extends: ["recommended"], rules: { "operation-2xx-response": "off" } });

for (const file of process.argv.slice(2)) {
  if (file.endsWith(".asyncapi.json")) {
    const { diagnostics } = await parser.parse(readFileSync(file, "utf8"));
    for (const one of diagnostics) {
      if (!NOT_WRONG.has(one.code)) console.log(`${file}: ${one.code}: ${one.message} (${one.path.join("/")})`);
    }
  } else {
    for (const one of await lint({ ref: file, config })) {
      if (one.severity === "error") console.log(`${file}: ${one.ruleId}: ${one.message} (${one.location[0].pointer})`);
    }
  }
}

// YAML documents on stdin, as one JSON array on stdout.
import { readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";

const documents = parseAllDocuments(readFileSync(0, "utf8"), { schema: "core" });
const failures = documents.flatMap((document) => [...document.errors, ...document.warnings]);
if (failures.length > 0) {
  console.error(failures.map(String).join("\n"));
  process.exit(1);
}
process.stdout.write(JSON.stringify(documents.map((document) => document.toJS()).filter((one) => one !== null)));

// Holds objects of a cluster (a JSON array on stdin) to the types of their APIs: by the validators of
// kubernetes-models, and, as these let unknown fields pass, by TypeScript, which takes no field in a
// literal that its type does not have. Prints a line for each thing that is wrong.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const here = dirname(fileURLToPath(import.meta.url));
const packages = { "keda.sh": "@kubernetes-models/keda/", "monitoring.coreos.com": "@kubernetes-models/prometheus-operator/" };

function moduleOf(object) {
  const group = object.apiVersion.split("/")[0];
  return `${packages[group] ?? "kubernetes-models/"}${object.apiVersion}/${object.kind}`;
}

const nameOf = (object) => `${object.apiVersion} ${object.kind} ${object.metadata?.name}`;

async function checkValues(objects) {
  const wrong = [];
  for (const object of objects) {
    try {
      const models = await import(moduleOf(object));
      new models[object.kind](object).validate();
    } catch (error) {
      wrong.push(`${nameOf(object)}: ${error.message}`);
    }
  }
  return wrong;
}

function checkFields(objects) {
  const file = join(here, "objects.ts");
  const imports = [...new Set(objects.map((o) => `import type { I${o.kind} as ${typeName(o)} } from ${JSON.stringify(moduleOf(o))};`))];
  const text = [...imports, ...objects.map((o, i) => `export const object${i}: ${typeName(o)} = ${JSON.stringify(o)};`)].join("\n");
  const options = {
    noEmit: true, strict: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler, noUncheckedSideEffectImports: true,
  };
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) => (name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022) : read(name, ...rest));
  const exists = host.fileExists.bind(host);
  host.fileExists = (name) => name === file || exists(name);
  const diagnostics = ts.getPreEmitDiagnostics(ts.createProgram([file], options, host));
  return diagnostics.map((one) => {
    const line = one.file?.fileName === file ? one.file.getLineAndCharacterOfPosition(one.start).line - imports.length : -1;
    const where = line >= 0 ? nameOf(objects[line]) : (one.file?.fileName ?? "types");
    return `${where}: ${ts.flattenDiagnosticMessageText(one.messageText, " ")}`;
  });
}

function typeName(object) {
  return `${object.apiVersion}${object.kind}`.replaceAll(/[^A-Za-z0-9]/g, "_");
}

const objects = JSON.parse(readFileSync(0, "utf8"));
const wrong = [...(await checkValues(objects)), ...checkFields(objects)];
process.stdout.write(wrong.map((line) => line + "\n").join(""));

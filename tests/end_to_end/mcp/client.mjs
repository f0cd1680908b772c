// The official client of the Model Context Protocol: starts what its arguments say, and prints one line of JSON for each
// line that it reads: {"tool": ..., "arguments": ...}, or {} to list the tools.
import {readFileSync} from "node:fs";
import {Client} from "@modelcontextprotocol/sdk/client/index.js";
import {StdioClientTransport} from "@modelcontextprotocol/sdk/client/stdio.js";

const [command, ...args] = process.argv.slice(2);
const client = new Client({name: "test", version: "1"});
await client.connect(new StdioClientTransport({command, args, env: process.env, stderr: "inherit"}));
for (const line of readFileSync(0, "utf8").split("\n").filter((line) => line !== "")) {
  const {tool, arguments: given} = JSON.parse(line);
  const answer = tool ? await client.callTool({name: tool, arguments: given ?? {}}).catch((error) => ({refused: error.message}))
                      : await client.listTools();
  console.log(JSON.stringify(answer));
}
await client.close();

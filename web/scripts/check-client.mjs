// Fails when the generated API types do not match the committed schema.
import { readFileSync } from "node:fs";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";

const root = new URL("../", import.meta.url);
const fresh = COMMENT_HEADER + astToString(await openapiTS(new URL("openapi.json", root)));
const committed = readFileSync(new URL("src/api/schema.d.ts", root), "utf8");
if (fresh.trim() !== committed.trim()) {
  process.stderr.write("src/api/schema.d.ts is older than openapi.json: run `npm run generate:client`\n");
  process.exit(1);
}

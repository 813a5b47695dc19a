/** One argument of a tool as a form shows it. */
export interface ArgumentField {
  name: string;
  description: string;
  kind: "text" | "long" | "number" | "integer" | "boolean" | "choice" | "json";
  /** What may be chosen; the values as JSON has them. */
  options: readonly (string | number)[];
  needed: boolean;
}

/** What stands in the fields: text, or yes and no. */
export type Draft = Readonly<Record<string, string | boolean>>;

export type FieldProblem = "notJson" | "notNumber" | "needed";

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The fields of a form for these arguments. What the schema does not tell simply is written as JSON. */
export function fieldsOf(schema: Json, args: Json): ArgumentField[] {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const needed = Array.isArray(schema.required) ? schema.required : [];
  const names = [...new Set([...Object.keys(properties), ...Object.keys(args)])];
  return names.map((name) => {
    const told = name in properties ? resolved(properties[name], schema) : guessed(args[name]);
    const value = args[name] ?? told.default;
    const { kind, options } = kindOf(told, value);
    const description = typeof told.description === "string" ? told.description : "";
    return { name, description, kind, options, needed: needed.includes(name) };
  });
}

/** The part of a schema that a reference or a "this or nothing" stands for. */
function resolved(part: unknown, root: Json): Json {
  if (!isObject(part)) return {};
  const path = typeof part.$ref === "string" ? part.$ref : null;
  if (path?.startsWith("#/")) {
    const found = path
      .slice(2)
      .split("/")
      .reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), root);
    return { ...(isObject(found) ? found : {}), ...part, $ref: undefined };
  }
  if (Array.isArray(part.anyOf)) {
    const kinds = part.anyOf.map((each) => resolved(each, root)).filter((each) => each.type !== "null");
    const only = kinds[0];
    if (only && kinds.length === 1) return { ...only, ...part, anyOf: undefined };
  }
  return part;
}

const guessed = (value: unknown): Json => ({
  type:
    typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? typeof value : "",
});

const LONG = 80;

function kindOf(part: Json, value: unknown): Pick<ArgumentField, "kind" | "options"> {
  const options = (Array.isArray(part.enum) ? part.enum : []).filter(
    (each) => typeof each === "string" || typeof each === "number",
  );
  if (options.length > 0) return { kind: "choice", options };
  const fits = value === undefined || value === null || typeof value === typeNameOf(part.type);
  if (!fits) return { kind: "json", options: [] };
  switch (part.type) {
    case "boolean":
    case "number":
    case "integer":
      return { kind: part.type, options: [] };
    case "string": {
      const text = typeof value === "string" ? value : "";
      return { kind: text.length > LONG || text.includes("\n") ? "long" : "text", options: [] };
    }
    default:
      return { kind: "json", options: [] };
  }
}

const typeNameOf = (type: unknown) => (type === "integer" ? "number" : type);

/** The arguments as they stand in the fields. */
export function draftOf(fields: readonly ArgumentField[], args: Json): Draft {
  return Object.fromEntries(fields.map((field) => [field.name, textOf(field, args[field.name])]));
}

function textOf(field: ArgumentField, value: unknown): string | boolean {
  if (field.kind === "boolean") return value === true;
  if (value === undefined || value === null) return "";
  return field.kind === "json" ? JSON.stringify(value, null, 2) : String(value);
}

export interface Read {
  args: Json;
  problems: Record<string, FieldProblem>;
}

/** The arguments that the fields say; what was left as it was stays exactly that. */
export function argumentsOf(fields: readonly ArgumentField[], draft: Draft, original: Json): Read {
  const args: Json = {};
  const problems: Record<string, FieldProblem> = {};
  for (const field of fields) {
    const said = draft[field.name];
    if (said === textOf(field, original[field.name])) {
      if (field.name in original) args[field.name] = original[field.name];
      continue;
    }
    const read = saidIn(field, said ?? "");
    if (read.problem) problems[field.name] = read.problem;
    else if (read.value !== undefined) args[field.name] = read.value;
  }
  return { args, problems };
}

function saidIn(field: ArgumentField, said: string | boolean): { value?: unknown; problem?: FieldProblem } {
  if (typeof said === "boolean") return { value: said };
  const text = said.trim();
  if (field.kind === "text" || field.kind === "long") return { value: said };
  if (text === "") return field.needed ? { problem: "needed" } : {};
  if (field.kind === "choice") return { value: field.options.find((each) => String(each) === said) };
  if (field.kind === "json") return parsed(text);
  const value = Number(text.replace(",", "."));
  return Number.isFinite(value) ? { value } : { problem: "notNumber" };
}

function parsed(text: string): { value?: unknown; problem?: FieldProblem } {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { problem: "notJson" };
  }
}

export const isSame = (left: unknown, right: unknown): boolean => canonical(left) === canonical(right);

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? "";
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join()}}`;
}

/** The server's complaints about `edited.NAME...`, by argument; the others under "". */
export function complaintsOf(fields: Record<string, string>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [path, message] of Object.entries(fields)) {
    const [place, name = ""] = path.split(".");
    const at = place === "edited" ? name : "";
    found[at] = found[at] ? `${found[at]} ${message}` : message;
  }
  return found;
}

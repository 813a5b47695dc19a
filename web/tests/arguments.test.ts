import { describe, expect, it } from "vitest";
import { argumentsOf, complaintsOf, draftOf, fieldsOf, isSame } from "@/ui/tools/schema";

const SCHEMA = {
  type: "object",
  required: ["url", "count"],
  properties: {
    url: { type: "string", description: "Where." },
    body: { type: "string" },
    count: { type: "integer" },
    ratio: { anyOf: [{ type: "number" }, { type: "null" }], default: null },
    deep: { type: "boolean" },
    action: { enum: ["read", "write"], type: "string" },
    level: { $ref: "#/$defs/Level" },
    items: { type: "array", items: { type: "string" } },
  },
  $defs: { Level: { enum: [1, 2, 3], type: "integer" } },
};
const ARGS = {
  url: "https://example.org",
  body: "one\ntwo",
  count: 3,
  deep: true,
  action: "read",
  level: 2,
  items: ["a"],
  extra: { x: 1 },
};

const fields = fieldsOf(SCHEMA, ARGS);
const kinds = Object.fromEntries(fields.map(({ name, kind }) => [name, kind]));
const changed = (change: Record<string, string | boolean>) =>
  argumentsOf(fields, { ...draftOf(fields, ARGS), ...change }, ARGS);

describe("the form of a tool's arguments", () => {
  it("has a fitting field for each simple one, and JSON for the rest", () => {
    expect(kinds).toEqual({
      url: "text",
      body: "long",
      count: "integer",
      ratio: "number",
      deep: "boolean",
      action: "choice",
      level: "choice",
      items: "json",
      extra: "json",
    });
    expect(fields.find(({ name }) => name === "url")).toMatchObject({ description: "Where.", needed: true });
    expect(fields.find(({ name }) => name === "level")?.options).toEqual([1, 2, 3]);
  });

  it("goes by the values where there is no schema, or where they do not fit it", () => {
    const guessed = fieldsOf({}, { name: "x", size: 2, on: false, list: [1] });
    expect(guessed.map(({ kind }) => kind)).toEqual(["text", "number", "boolean", "json"]);
    expect(fieldsOf({ properties: { n: { type: "integer" } } }, { n: "three" })[0]?.kind).toBe("json");
  });

  it("says exactly what it was given when nothing was changed", () => {
    expect(changed({})).toEqual({ args: ARGS, problems: {} });
  });

  it("reads what was written", () => {
    const { args, problems } = changed({
      url: "https://other.example",
      count: "7",
      ratio: "0,5",
      deep: false,
      action: "write",
      level: "3",
      items: '["b", "c"]',
    });
    expect(problems).toEqual({});
    expect(args).toEqual({
      ...ARGS,
      url: "https://other.example",
      count: 7,
      ratio: 0.5,
      deep: false,
      action: "write",
      level: 3,
      items: ["b", "c"],
    });
  });

  it("leaves out what was emptied and is not needed", () => {
    const { args } = changed({ level: "", items: "" });
    expect(args).not.toHaveProperty("level");
    expect(args).not.toHaveProperty("items");
    expect(changed({ body: "" }).args.body).toBe("");
  });

  it("says what it cannot read", () => {
    expect(changed({ count: "many", items: "[1,", extra: "{}" }).problems).toEqual({
      count: "notNumber",
      items: "notJson",
    });
    expect(changed({ count: " " }).problems).toEqual({ count: "needed" });
  });

  it("finds a change whatever the order", () => {
    expect(isSame({ a: 1, b: [{ c: 2, d: 3 }] }, { b: [{ d: 3, c: 2 }], a: 1 })).toBe(true);
    expect(isSame({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
    expect(isSame({ a: null }, {})).toBe(false);
  });

  it("puts the server's complaints at their argument", () => {
    expect(
      complaintsOf({
        "edited.url": "No.",
        "edited.items.0": "Short.",
        "edited.items.1": "Long.",
        edited: "Odd.",
      }),
    ).toEqual({ url: "No.", items: "Short. Long.", "": "Odd." });
    expect(complaintsOf({ "result.image": "Damaged." })).toEqual({ "": "Damaged." });
  });
});

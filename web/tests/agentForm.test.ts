import { describe, expect, it } from "vitest";
import type { Agent, Catalogue, Tool } from "@/api/types";
import { bodyOf, emptyForm, formOf, previewHandle } from "@/features/agents/form";
import { groupsOf } from "@/features/agents/ToolList";
import { optionsFor } from "@/ui/models/options";

const MODEL = { provider: "openai", name: "gpt" };
const TOOLS = [{ tool_id: "clock" }, { tool_id: "web" }] as Tool[];

describe("the form of an agent", () => {
  it("sends back what it was made of", () => {
    const agent = {
      name: "Coder",
      handle: "coder",
      system_prompt: "Be good",
      model: { ...MODEL, temperature: 0.2, max_tokens: 100 },
      fallback_model: { provider: "demo", name: "demo" },
      tools: [
        { tool_id: "clock", enabled: true, policy: null },
        { tool_id: "web", enabled: false, policy: "deny" },
        { tool_id: "gone", enabled: true, policy: "allow" },
      ],
      concurrency_limit: 2,
      approval_hours: 24,
      memory: { recall: true, save: false },
      is_active: false,
    } as Agent;
    const form = formOf(agent);
    expect(bodyOf(form, TOOLS, MODEL)).toEqual({
      name: "Coder",
      handle: "coder",
      system_prompt: "Be good",
      model: { ...MODEL, temperature: 0.2, max_tokens: 100 },
      fallback_model: { provider: "demo", name: "demo" },
      tools: [
        { tool_id: "clock", enabled: true, policy: null },
        { tool_id: "web", enabled: false, policy: "deny" },
      ],
      concurrency_limit: 2,
      approval_hours: 24,
      memory: { recall: true, save: false },
      is_active: false,
    });
  });

  it("keeps every tool while nobody knows which there are", () => {
    const form = { ...emptyForm(undefined), tools: { gone: { enabled: true, policy: "ask" as const } } };
    expect(bodyOf(form, null, MODEL).tools).toEqual([{ tool_id: "gone", enabled: true, policy: "ask" }]);
    expect(bodyOf(form, TOOLS, MODEL).tools).toEqual([]);
  });

  it("leaves out a tool that was switched off again", () => {
    const form = { ...emptyForm(undefined), tools: { clock: { enabled: false, policy: null } } };
    expect(bodyOf(form, TOOLS, MODEL).tools).toEqual([]);
  });

  it("leaves to the server what was left empty, and understands a decimal comma", () => {
    const body = bodyOf({ ...emptyForm(undefined), name: " A ", temperature: "0,7" }, [], MODEL);
    expect(body).not.toHaveProperty("handle");
    expect(body.model).toEqual({ ...MODEL, temperature: 0.7 });
    expect(body.name).toBe("A");
  });

  it.each([
    ["Программист Щукин", "programmist_shchukin"],
    ["Café №1", "cafe_no1"],
    ["Альфа Юзер", "al_fa_yuzer"],
    ["  ", ""],
  ])("shows what handle %j will give", (name, handle) => expect(previewHandle(name)).toBe(handle));
});

describe("the tools to choose from", () => {
  it("stand with their like: the house's, the browser's, each server's", () => {
    const tool = (tool_id: string, kind: string, server: string | null = null) =>
      ({ tool_id, kind, server }) as Tool;
    const groups = groupsOf([
      tool("a__x", "mcp", "a"),
      tool("camera", "browser"),
      tool("clock", "builtin"),
      tool("b__y", "mcp", "b"),
      tool("a__z", "mcp", "a"),
    ]);
    expect(groups.map(({ server, tools }) => [server, tools.map((each) => each.tool_id)])).toEqual([
      [null, ["clock"]],
      [null, ["camera"]],
      ["a", ["a__x", "a__z"]],
      ["b", ["b__y"]],
    ]);
  });
});

describe("models to choose from", () => {
  const provider = (name: string, source: string, needs_key = true) => ({
    provider: name,
    label: name,
    source,
    needs_key,
  });
  const catalogue = {
    items: [
      { provider: "openai", name: "gpt-5", label: "GPT-5" },
      { provider: "anthropic", name: "claude", label: "Claude" },
    ],
    providers: [
      provider("openai", "own"),
      provider("anthropic", "none"),
      provider("demo", "builtin", false),
      provider("vllm", "none", false),
    ],
  } as unknown as Catalogue;

  it("are those of connected providers", () => {
    expect(optionsFor(catalogue, "", null).map((option) => option.name)).toEqual(["gpt-5"]);
  });
  it("may be any typed name of a provider that is connected", () => {
    expect(
      optionsFor(catalogue, "my-tune", null).map((option) => [option.provider, option.name, option.info]),
    ).toEqual([["openai", "my-tune", null]]);
  });
});

import { describe, expect, it } from "vitest";
import { costWithout, draftOf, isEdited, NO_EDITS, problemsOf } from "@/features/conversation/plan/edits";
import { duration, shortMoney } from "@/lib/format";
import { depths, layoutOf } from "@/ui/plan/layout";
import { estimate, plan, task } from "./planBuilders";

const SIZE = { width: 100, height: 50, gapX: 20, gapY: 10 };
const tasks = plan().tasks;

describe("the layout of a graph", () => {
  it("puts a task to the right of all that it waits for", () => {
    const chain = [task("a"), task("b", { depends_on: ["a"] }), task("c", { depends_on: ["a", "b"] })];
    expect([...depths(chain).values()]).toEqual([0, 1, 2]);
    expect(layoutOf(chain, SIZE).places.map(({ x }) => x)).toEqual([0, 120, 240]);
  });

  it("puts no two tasks in one place, however many there are", () => {
    const many = Array.from({ length: 40 }, (_, index) =>
      task(`t${index}`, { depends_on: index < 15 ? [] : [`t${index - 15}`] }),
    );
    const { places, height } = layoutOf(many, SIZE);
    expect(new Set(places.map(({ x, y }) => `${x},${y}`)).size).toBe(40);
    expect(height).toBeLessThanOrEqual(7 * 60);
  });

  it("bears what it does not know, and a circle", () => {
    const odd = [task("a", { depends_on: ["gone", "b"] }), task("b", { depends_on: ["a"] })];
    expect(layoutOf(odd, SIZE).places).toHaveLength(2);
    expect(layoutOf([], SIZE)).toEqual({ places: [], width: 0, height: 0 });
  });

  it("is quick even where many ways lead to a task", () => {
    const ladder = Array.from({ length: 90 }, (_, index) =>
      task(`t${index}`, {
        depends_on: [index - 1, index - 2, index - 3].filter((one) => one >= 0).map((one) => `t${one}`),
      }),
    );
    expect(depths(ladder).get("t89")).toBe(89);
  });
});

describe("the changes to a proposed plan", () => {
  it("leave tasks out, and nobody waits for these any more", () => {
    const edits = { ...NO_EDITS, dropped: ["t1"] };
    expect(draftOf(tasks, edits).map(({ id, depends_on }) => [id, depends_on])).toEqual([
      ["t2", []],
      ["t3", ["t2"]],
    ]);
  });

  it("reword and reassign", () => {
    const edits = { ...NO_EDITS, instructions: { t1: " Better. " }, agents: { t2: "writer" } };
    const draft = draftOf(tasks, edits);
    expect([draft[0]?.instruction, draft[1]?.agent]).toEqual(["Better.", "writer"]);
  });

  it("are none when everything is as it was", () => {
    expect(isEdited(tasks, NO_EDITS)).toBe(false);
    expect(isEdited(tasks, { ...NO_EDITS, instructions: { t1: "Do t1" } })).toBe(false);
    expect(isEdited(tasks, { ...NO_EDITS, dropped: ["t3"] })).toBe(true);
  });

  it("make the plan cheaper by what is left out, as far as prices are known", () => {
    const edits = { ...NO_EDITS, dropped: ["t1"] };
    expect(costWithout("$0.06", tasks, edits)).toBe("$0.040000");
    expect(costWithout(null, tasks, edits)).toBeNull();
    const unknown = [task("t1", { estimate: estimate({ cost: null }) })];
    expect(costWithout("$0.06", unknown, edits)).toBeNull();
  });

  it("get the server's complaints at their tasks", () => {
    const sent = draftOf(tasks, { ...NO_EDITS, dropped: ["t1"] });
    const inRussian = problemsOf({ "edited.tasks": "Задача «t2» ждёт саму себя.\nВ плане нет задач." }, sent);
    expect(inRussian).toEqual({
      byTask: { t2: "Задача «t2» ждёт саму себя." },
      rest: ["В плане нет задач."],
    });
    const problems = problemsOf(
      {
        "edited.tasks.1.agent": "No such agent.",
        edited: "Task 't2': too long.\nThe plan is too large.",
      },
      sent,
    );
    expect(problems).toEqual({
      byTask: { t3: "No such agent.", t2: "Task 't2': too long." },
      rest: ["The plan is too large."],
    });
  });
});

describe("figures for reading", () => {
  it.each([
    ["$0", "$0.00"],
    ["$0.000412", "$0.00041"],
    ["$0.004100", "$0.0041"],
    ["$0.0700", "$0.07"],
    ["$0.124", "$0.12"],
    ["$12.3456", "$12.35"],
  ])("%s is %s", (exact, short) => expect(shortMoney(exact)).toBe(short));

  it("say times in words of the language", () => {
    expect([0.84, 12.4, 60, 80, 7500].map((one) => duration(one, "en"))).toEqual([
      "0.8 sec",
      "12 sec",
      "1 min",
      "1 min 20 sec",
      "2 hr 5 min",
    ]);
    expect(duration(80, "ru")).toBe("1 мин 20 с");
  });
});

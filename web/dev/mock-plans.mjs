// The orchestrator's part of the stand-in: plans that wait, run, fail and are made anew; usage and budgets.
const PACE = Number(process.env.MOCK_PACE ?? 30);
const uuid = () => crypto.randomUUID();
const now = () => new Date().toISOString();
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const usd = (value) => `$${value.toFixed(6)}`;

const SEVEN = [
  [
    "t1",
    "researcher",
    "Collect what RabbitMQ, Kafka and Redis Streams promise about delivery and ordering.",
    [],
  ],
  [
    "t2",
    "researcher",
    "Find published throughput and latency figures for each of the three, with their sources.",
    [],
  ],
  ["t3", "coder", "Write a small producer and consumer for each queue, with the same interface.", []],
  ["t4", "coder", "Turn the three programs into one benchmark and describe how to run it.", ["t3"]],
  ["t5", "researcher", "Compare operating effort: clustering, upgrades, monitoring, backup.", ["t1"]],
  ["t6", "writer", "Write the comparison as a table with one paragraph for each queue.", ["t1", "t2", "t5"]],
  ["t7", "writer", "Write a recommendation for a team of five, in plain words.", ["t4", "t6"]],
];
const TEXT =
  "RabbitMQ gives at-least-once delivery with **publisher confirms** and acknowledgements; order holds within one queue and one consumer.\n\n- Kafka keeps order within a partition.\n- Redis Streams keep order within a stream.\n\nAll three can lose messages when they are set up carelessly, so the defaults matter more than the brand.";
const JOINED =
  "## Recommendation\n\nFor a team of five, **RabbitMQ** is the calmest choice: one binary, clear semantics, good tools.\n\n| What | RabbitMQ | Kafka | Redis Streams |\n|---|---|---|---|\n| Order | queue | partition | stream |\n| Effort | low | high | lowest |\n\nTake Kafka when you need to read the past again, Redis Streams when Redis is there anyway.";

function estimate(index, known = true) {
  const cost = 0.004 + (index % 5) * 0.0031;
  const seconds = 8 + (index % 4) * 5;
  return {
    cost: usd(cost),
    cost_low: known ? usd(cost * 0.7) : null,
    cost_high: known ? usd(cost * 1.6) : null,
    seconds,
    seconds_low: known ? Math.round(seconds * 0.7) : null,
    seconds_high: known ? Math.round(seconds * 1.8) : null,
    basis: known ? "history" : "prior",
  };
}

function forty() {
  const agents = ["researcher", "coder", "writer"];
  return Array.from({ length: 40 }, (_, index) => {
    const layer = index < 14 ? 0 : index < 28 ? 1 : index < 37 ? 2 : 3;
    const needs = [[], [index - 14], [index - 14, index - 13], [28, 31, 34].map((one) => one + index - 37)][
      layer
    ];
    return [
      `t${index + 1}`,
      agents[index % 3],
      `Chapter ${index + 1}: ${SEVEN[index % 7][2]}`,
      needs.map((need) => `t${need + 1}`),
    ];
  });
}

const taskFrom = ([id, agent, instruction, depends_on], index) => ({
  id,
  agent,
  agent_id: `user1_${agent}`,
  instruction,
  depends_on,
  status: "proposed",
  estimate: estimate(index),
  actual: null,
  error: null,
  attempt: 0,
  message_id: null,
  started_at: null,
  finished_at: null,
});

const sum = (tasks, of) => tasks.reduce((total, task) => total + of(task), 0);
const cents = (cost) => Number((cost ?? "$0").slice(1));

function total(tasks) {
  const cost = sum(tasks, (task) => cents(task.estimate.cost)) + 0.006;
  const seconds = Math.round(sum(tasks, (task) => task.estimate.seconds) / 2) + 12;
  return {
    cost: usd(cost),
    cost_low: usd(cost * 0.75),
    cost_high: usd(cost * 1.5),
    seconds,
    seconds_low: Math.round(seconds * 0.7),
    seconds_high: Math.round(seconds * 1.7),
    basis: "history",
  };
}

const dayOf = (time) => new Date(time).toISOString().slice(0, 10);

function usageRows() {
  const kinds = [
    ["user1_coder", "openai", "gpt-5.2", 0.031],
    ["user1_writer", "anthropic", "claude-sonnet-5", 0.022],
    ["user1_researcher", "openai", "gpt-5.2-mini", 0.008],
    ["user1_researcher", "ollama", "qwen3:8b", null],
    ["user1_orchestrator", "anthropic", "claude-sonnet-5", 0.012],
    ["user1_analyst", "openai", "gpt-5.2", 0.004],
    ["user1_tutor", "openai", "gpt-5.2", 0.003],
  ];
  return Array.from({ length: 90 }, (_, back) =>
    kinds.flatMap(([agent_id, provider, model, price], index) => {
      const calls = (back * 7 + index * 3) % 9;
      if (calls < 2) return [];
      return {
        day: dayOf(Date.now() - back * 86_400_000),
        agent_id,
        provider,
        model,
        calls,
        input_tokens: calls * 1830,
        output_tokens: calls * 412,
        cost: price === null ? null : usd(calls * price),
        unpriced_calls: price === null ? calls : 0,
      };
    }),
  ).flat();
}

/** `world`: the stand-in's state, its `emit` and what makes an agent answer. */
export function plansOf({ state, emit, answer }) {
  const approvals = new Map();
  const runs = new Map();
  const rows = usageRows();
  let budget = { monthly_usd: 20, spent: "$7.431200", remaining: "$12.568800", month: now().slice(0, 7) };
  let orchestrator = {
    model: null,
    instructions: "Prefer few, larger tasks.",
    max_parallel: 3,
    max_tasks: 40,
    plan_approval: process.env.MOCK_APPROVAL ?? "always",
    cost_threshold_usd: null,
    budget_usd: 0.5,
  };
  const problem = (status, slug, detail, errors) => [
    status,
    { type: `/problems/${slug}`, title: slug, status, detail, ...(errors && { errors }) },
  ];

  const at = (flow) => ({ session_id: flow.chat.session.id, run_id: flow.run.id });
  const graph = (tasks) => ({
    nodes: tasks.map((task) => ({
      task_id: task.id,
      agent_id: task.agent_id,
      instruction: task.instruction,
      estimated_cost: task.estimate.cost,
      estimated_seconds: task.estimate.seconds,
    })),
    edges: tasks.flatMap((task) => task.depends_on.map((source) => ({ source, target: task.id }))),
  });

  function propose(flow, tasks, revision, ask) {
    const plan = {
      id: uuid(),
      run_id: flow.run.id,
      session_id: flow.chat.session.id,
      revision,
      status: ask ? "proposed" : "running",
      approval_id: null,
      tasks,
      estimate: total(tasks),
      actual: null,
      max_parallel: 3,
      created_at: now(),
    };
    flow.plan = plan;
    flow.run.tasks = [];
    flow.chat.plans.push(plan);
    const told = {
      ...at(flow),
      plan_id: plan.id,
      tasks: tasks.length,
      estimated_cost: plan.estimate.cost,
      estimated_seconds: plan.estimate.seconds,
      graph: graph(tasks),
    };
    if (!ask) for (const task of tasks) task.status = "pending";
    if (ask) {
      const approval = {
        id: uuid(),
        session_id: plan.session_id,
        session_title: flow.chat.session.title,
        run_id: plan.run_id,
        type: "plan",
        tool: null,
        expires_at: null,
        status: "pending",
        plan,
        reason: null,
        created_at: now(),
        resolved_at: null,
      };
      plan.approval_id = approval.id;
      approvals.set(approval.id, { approval, flow });
      flow.chat.approvals.push(approval);
      flow.run.status = "waiting";
    }
    emit({ type: "task_plan_created", ...told, revision });
    if (ask) emit({ type: "plan_request", ...told, approval_id: plan.approval_id });
    else void work(flow);
  }

  async function begin(chat, run, reply, question) {
    const flow = { chat, run, reply, question, plan: null };
    runs.set(run.id, flow);
    run.status = "running";
    run.tasks = [{ task_id: "plan", status: "running", run_id: run.id }];
    reply.agent_id = null;
    emit({ type: "task_started", ...at(flow), task_id: "plan", agent_id: "user1_orchestrator", attempt: 1 });
    await pause(PACE * 25);
    if (run.status === "cancelled") return;
    if (/\bone\b/i.test(question)) return answer(chat, run, reply, state.agents[0], question);
    const shape = /40|forty/i.test(question) ? forty() : SEVEN;
    propose(flow, shape.map(taskFrom), 1, orchestrator.plan_approval === "always");
  }

  const progress = (flow) =>
    emit({
      type: "tasks_progress",
      ...at(flow),
      completed: flow.plan.tasks.filter((task) => OVER.includes(task.status)).length,
      total: flow.plan.tasks.length,
    });
  const OVER = ["done", "failed", "skipped", "cancelled"];

  async function work(flow) {
    const { run, plan } = flow;
    run.status = "running";
    const running = new Set();
    while (run.status === "running") {
      const over = (id) => plan.tasks.find((task) => task.id === id)?.status ?? "done";
      for (const task of plan.tasks) {
        if (task.status !== "pending") continue;
        const needs = task.depends_on.map(over);
        if (needs.some((status) => ["failed", "skipped", "cancelled"].includes(status))) {
          task.status = "skipped";
          emit({ type: "task_skipped", ...at(flow), task_id: task.id, agent_id: task.agent_id });
          progress(flow);
        } else if (running.size < plan.max_parallel && needs.every((status) => status === "done")) {
          const job = perform(flow, task).finally(() => running.delete(job));
          running.add(job);
        }
      }
      if (running.size === 0 && plan.tasks.every((task) => OVER.includes(task.status))) break;
      await (running.size ? Promise.race(running) : pause(PACE));
    }
    await Promise.all(running);
    if (run.status !== "running") return;
    const failed = plan.tasks.filter((task) => task.status === "failed");
    plan.actual = account(plan);
    if (failed.length === 0) return join(flow);
    plan.status = "failed";
    if (plan.revision > 1) return fail(flow, failed[0]);
    emit({
      type: "task_started",
      ...at(flow),
      task_id: "replan",
      agent_id: "user1_orchestrator",
      attempt: 1,
    });
    await pause(PACE * 30);
    const rest = [
      ["t8", "writer", "Compare the operating effort from general knowledge, and mark it as such.", ["t1"]],
      ["t9", "writer", "Write the table and the recommendation for a team of five.", ["t8", "t4"]],
    ];
    propose(flow, rest.map(taskFrom), 2, orchestrator.plan_approval === "always");
  }

  async function perform(flow, task) {
    const attempt = task.attempt + 1;
    Object.assign(task, { status: "running", attempt, started_at: now(), message_id: uuid(), error: null });
    const who = { ...at(flow), task_id: task.id, agent_id: task.agent_id };
    const message = { ...who, message_id: task.message_id, attempt };
    emit({ type: "task_started", ...who, attempt });
    emit({ type: "message_started", ...message });
    task.content = "";
    const hopeless = task.id === "t9" && /budget/.test(flow.question);
    const fails = hopeless || (flow.plan.tasks.length === 7 && task.id === "t5" && attempt === 1);
    const pieces = `${task.instruction}\n\n${TEXT}`.match(/[\s\S]{1,9}/g);
    for (const text of fails ? pieces.slice(0, 20) : pieces) {
      if (flow.run.status === "cancelled" || task.stop) break;
      task.content += text;
      emit({ type: "message_delta", ...message, text });
      await pause(PACE * (1 + (task.id.charCodeAt(1) % 3)));
    }
    const stopped = flow.run.status === "cancelled" || task.stop;
    const tokens = Math.ceil(task.content.length / 4);
    const cost = usd(tokens * 0.000061);
    const seconds = (Date.now() - Date.parse(task.started_at)) / 1000;
    Object.assign(task, {
      stop: false,
      finished_at: now(),
      status: stopped ? "cancelled" : fails ? "failed" : "done",
      error: hopeless
        ? { code: "budget_exceeded", detail: "The run's budget of $0.50 is used up." }
        : fails
          ? { code: "model_timeout", detail: "The model said nothing for 60 seconds." }
          : null,
      actual: { cost, seconds, input_tokens: 412, output_tokens: tokens },
    });
    emit({
      type: "message_completed",
      ...message,
      role: "assistant",
      content: task.content,
      usage: { input_tokens: 412, output_tokens: tokens },
      cost,
      status: stopped ? "cancelled" : fails ? "failed" : "complete",
      error: task.error,
    });
    if (task.status === "done") emit({ type: "task_completed", ...who });
    if (fails) emit({ type: "task_failed", ...who, error: task.error });
    progress(flow);
  }

  const account = (plan) => ({
    cost: usd(sum(plan.tasks, (task) => cents(task.actual?.cost)) + 0.0031),
    seconds: (Date.now() - Date.parse(plan.created_at)) / 1000,
    input_tokens: sum(plan.tasks, (task) => task.actual?.input_tokens ?? 0),
    output_tokens: sum(plan.tasks, (task) => task.actual?.output_tokens ?? 0),
  });

  async function join(flow) {
    const { run, reply, plan, chat } = flow;
    const who = { ...at(flow), task_id: "synthesis", agent_id: "user1_orchestrator" };
    const message = { ...who, message_id: reply.id, attempt: 1 };
    run.tasks = [{ task_id: "synthesis", status: "running", run_id: run.id }];
    emit({ type: "task_started", ...who, attempt: 1 });
    await pause(PACE * 20);
    emit({ type: "message_started", ...message });
    Object.assign(reply, { attempt: 1, agent_id: "user1_orchestrator" });
    for (const text of JOINED.match(/[\s\S]{1,12}/g)) {
      if (run.status === "cancelled") return;
      reply.content += text;
      emit({ type: "message_delta", ...message, text });
      await pause(PACE);
    }
    const usage = { input_tokens: 3120, output_tokens: 214 };
    Object.assign(reply, { status: "complete", usage, cost: "$0.006100" });
    plan.status = "completed";
    plan.actual = account(plan);
    const cost = plan.actual.cost;
    Object.assign(run, { status: "completed", finished_at: now(), cost, tasks: [] });
    chat.session.running = false;
    emit({
      type: "message_completed",
      ...message,
      content: reply.content,
      usage,
      cost: reply.cost,
      status: "complete",
      error: null,
    });
    emit({ type: "run_completed", ...at(flow), cost });
  }

  function fail(flow, task) {
    const error = {
      code: "budget_exceeded",
      detail: `Task ${task.id} would go over the run's budget of $0.50.`,
    };
    Object.assign(flow.run, { status: "failed", finished_at: now(), error });
    Object.assign(flow.reply, { status: "failed", error });
    emit({ type: "run_failed", ...at(flow), error });
  }

  function cancel(run) {
    const flow = runs.get(run.id);
    run.status = "cancelled";
    run.finished_at = now();
    if (!flow) return;
    flow.reply.status = "cancelled";
    if (flow.plan && ["running", "proposed"].includes(flow.plan.status)) {
      if (flow.plan.status !== "rejected") flow.plan.status = "cancelled";
      for (const task of flow.plan.tasks) if (task.status === "pending") task.status = "cancelled";
      flow.plan.actual = account(flow.plan);
    }
    emit({ type: "run_cancelled", ...at(flow) });
  }

  function confirm(id, body) {
    const known = approvals.get(id);
    if (!known) return problem(404, "not-found", "There is nothing of yours under this address.");
    const { approval, flow } = known;
    if (approval.status !== "pending")
      return approval.status === "confirmed"
        ? [200, approval]
        : problem(409, "already-resolved", "This was rejected before.");
    const edited = body.edited?.tasks;
    const errors = (edited ?? []).flatMap((task, index) => [
      ...(state.agents.some((agent) => agent.handle === task.agent)
        ? []
        : [{ field: `edited.tasks.${index}.agent`, message: `There is no active agent ${task.agent}.` }]),
      ...(task.instruction.trim() && !/refuse/.test(task.instruction)
        ? []
        : [{ field: "edited", message: `Task '${task.id}' needs an instruction that can be done.` }]),
    ]);
    if (errors.length) return problem(422, "invalid", "The edited plan cannot run.", errors);
    if (edited) {
      flow.plan.tasks = edited.map((task) => ({
        ...flow.plan.tasks.find((one) => one.id === task.id),
        ...task,
        agent_id: `user1_${task.agent}`,
      }));
    }
    Object.assign(approval, { status: "confirmed", resolved_at: now() });
    flow.plan.status = "running";
    for (const task of flow.plan.tasks) task.status = "pending";
    emit({ type: "approval_resolved", ...at(flow), approval_id: id, status: "confirmed" });
    void work(flow);
    return [200, approval];
  }

  function reject(id, body) {
    const known = approvals.get(id);
    if (!known) return problem(404, "not-found", "There is nothing of yours under this address.");
    const { approval, flow } = known;
    if (approval.status === "confirmed")
      return problem(409, "already-resolved", "This was confirmed before.");
    Object.assign(approval, { status: "rejected", reason: body.reason ?? null, resolved_at: now() });
    flow.plan.status = "rejected";
    emit({ type: "approval_resolved", ...at(flow), approval_id: id, status: "rejected" });
    cancel(flow.run);
    return [200, approval];
  }

  function detail(runId, taskId) {
    const flow = runs.get(runId);
    const task = flow?.chat.plans
      .filter((plan) => plan.run_id === runId)
      .flatMap((plan) => plan.tasks)
      .find((one) => one.id === taskId);
    return { flow, task };
  }

  const runOf = (flow) => ({
    ...flow.run,
    tasks: flow.plan.tasks.map((task) => ({
      ...task,
      run_id: flow.run.id,
      task_id: task.id,
      dependencies: task.depends_on,
    })),
  });

  const routes = [
    [
      "GET",
      /^\/my\/approvals\/$/,
      () => [
        200,
        {
          items: [...approvals.values()]
            .map(({ approval }) => approval)
            .filter((approval) => approval.status === "pending")
            .reverse(),
          next_cursor: null,
        },
      ],
    ],
    ["POST", /^\/my\/tools\/(.+)\/confirm\/$/, ([id], body) => confirm(id, body)],
    ["POST", /^\/my\/tools\/(.+)\/reject\/$/, ([id], body) => reject(id, body)],
    [
      "GET",
      /^\/my\/runs\/([^/]+)\/tasks\/([^/]+)\/$/,
      ([runId, taskId]) => {
        const { task } = detail(runId, taskId);
        if (!task) return problem(404, "not-found", "");
        const usage = task.actual && { input_tokens: 412, output_tokens: task.actual.output_tokens };
        return [
          200,
          {
            ...task,
            run_id: runId,
            task_id: taskId,
            dependencies: task.depends_on,
            content: task.content ?? "",
            usage,
            cost: task.actual?.cost ?? null,
          },
        ];
      },
    ],
    [
      "POST",
      /^\/my\/runs\/([^/]+)\/tasks\/([^/]+)\/cancel\/$/,
      ([runId, taskId]) => {
        const { flow, task } = detail(runId, taskId);
        if (task.status === "running") task.stop = true;
        else task.status = "cancelled";
        return [200, runOf(flow)];
      },
    ],
    [
      "POST",
      /^\/my\/runs\/([^/]+)\/tasks\/([^/]+)\/retry\/$/,
      ([runId, taskId]) => {
        const { flow, task } = detail(runId, taskId);
        for (const one of flow.plan.tasks) if (one.status === "skipped") one.status = "pending";
        Object.assign(task, { status: "pending", error: null });
        flow.plan.status = "running";
        Object.assign(flow.reply, { status: "streaming", error: null });
        void work(flow);
        return [202, runOf(flow)];
      },
    ],
    ["GET", /^\/my\/orchestrators\/$/, () => [200, orchestrator]],
    [
      "PUT",
      /^\/my\/orchestrators\/$/,
      (_, body) => {
        if (!(body.max_parallel >= 1 && body.max_parallel <= 50))
          return problem(422, "invalid", "Please correct the fields.", [
            { field: "max_parallel", message: "A whole number from 1 to 50." },
          ]);
        const number = (value) => (value == null ? null : Number(value));
        orchestrator = {
          ...body,
          budget_usd: number(body.budget_usd),
          cost_threshold_usd: number(body.cost_threshold_usd),
        };
        return [200, orchestrator];
      },
    ],
    [
      "POST",
      /^\/my\/orchestrators\/test\/$/,
      (_, body) => {
        const tasks = (/40/.test(body.content) ? forty() : SEVEN).map(taskFrom);
        return [200, { tasks, estimate: total(tasks), cost: "$0.002310" }];
      },
    ],
    [
      "GET",
      /^\/my\/usage\/$/,
      (_, __, query) => {
        const items = rows.filter(
          (row) => row.day >= (query.get("since") ?? "") && row.day <= (query.get("until") ?? "9"),
        );
        const totals = {
          calls: sum(items, (row) => row.calls),
          input_tokens: sum(items, (row) => row.input_tokens),
          output_tokens: sum(items, (row) => row.output_tokens),
          cost: usd(sum(items, (row) => cents(row.cost))),
          unpriced_calls: sum(items, (row) => row.unpriced_calls),
        };
        return [200, { items, total: totals, budget, next_cursor: null }];
      },
    ],
    ["GET", /^\/my\/budget\/$/, () => [200, budget]],
    [
      "PUT",
      /^\/my\/budget\/$/,
      (_, body) => {
        const limit = body.monthly_usd;
        budget = {
          ...budget,
          monthly_usd: limit,
          remaining: limit === null ? null : usd(Math.max(0, limit - cents(budget.spent))),
        };
        return [200, budget];
      },
    ],
  ];
  return { begin, cancel, routes };
}

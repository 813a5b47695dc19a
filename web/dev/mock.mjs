// A stand-in for the server while the page is being drawn: `npm run mock`, then `npm run dev`. Nothing of it ships.
import { createServer } from "node:http";
import { memoryOf } from "./mock-memory.mjs";
import { plansOf } from "./mock-plans.mjs";

const now = () => new Date().toISOString();
let serial = Date.now() * 1000;
const uuid = () => crypto.randomUUID();
const state = {
  me: null,
  agents: [],
  chats: new Map(),
  keys: [],
  own: new Set(),
  listeners: new Set(),
  log: [],
  tools: [],
};
const wantsAccount = process.env.MOCK_EMPTY === "1";
const TOOLS = [
  {
    tool_id: "calculator",
    label: "Calculator",
    description: "Exact arithmetic.",
    policy: "allow",
    kind: "builtin",
    arguments_schema: {},
    server: null,
  },
  {
    tool_id: "web_fetch",
    label: "Web page",
    description: "Reads a page by its address.",
    policy: "ask",
    kind: "builtin",
    arguments_schema: {},
    server: null,
  },
];
const MODELS = [
  ["demo", "demo", "Demo", "$0.00", "$0.00"],
  ["openai", "gpt-5.2", "GPT-5.2", "$1.75", "$14.00"],
  ["openai", "gpt-5.2-mini", "GPT-5.2 mini", "$0.25", "$2.00"],
  ["anthropic", "claude-sonnet-5", "Claude Sonnet 5", "$3.00", "$15.00"],
  ["ollama", "qwen3:8b", "qwen3:8b", null, null],
].map(([provider, name, label, input_price, output_price]) => ({
  provider,
  name,
  label,
  input_price,
  output_price,
  context_tokens: 128000,
  source: provider === "ollama" ? "local" : "catalogue",
}));
const TITLES = [
  "Anagrams in Python",
  "Office move: announcement",
  "Heat pump or gas?",
  "Rate limiter in Go",
  "Отпуск в Карелии",
  "Weekly report, shorter",
  "Why did the build slow down since the last release?",
  "Compound interest, explained",
  "Newsletter draft",
  "SQL: gaps and islands",
];
const ANSWER = `Here is a small function with a test.

## The idea

Two words are **anagrams** when their *sorted letters* are equal, so those letters are the key of a group.

\`\`\`python
from collections import defaultdict


def group_anagrams(words: list[str]) -> list[list[str]]:
    """Groups words by their letters, keeping the order of first appearance."""
    groups: dict[str, list[str]] = defaultdict(list)
    for word in words:
        groups["".join(sorted(word.lower()))].append(word)  # the key
    return list(groups.values())
\`\`\`

1. It runs in \`O(n · k log k)\`.
2. It keeps the order of the words.
   - Upper case is ignored.

| input | groups |
|---|---:|
| \`["eat", "tea"]\` | 1 |
| \`["eat", "tan"]\` | 2 |

> Edge case: an empty list gives an empty list.

See the [documentation](https://docs.python.org) for \`defaultdict\`.`;

function emit(event) {
  serial = Math.max(serial + 1, Date.now() * 1000);
  const entry = { id: serial, data: JSON.stringify({ ts: now(), session_id: null, run_id: null, ...event }) };
  state.log.push(entry);
  for (const response of state.listeners) response.write(`id: ${entry.id}\ndata: ${entry.data}\n\n`);
}

function agentStatus(agent, status) {
  agent.status = status;
  emit({ type: "agent_status", agent_id: agent.agent_id, status });
}

async function answer(chat, run, message, agent, question) {
  const at = {
    session_id: chat.session.id,
    run_id: run.id,
    message_id: message.id,
    agent_id: agent.agent_id,
    attempt: 1,
  };
  chat.session.running = true;
  if (run.mode === "direct") emit({ type: "direct_agent_call", ...at, status: "running" });
  run.status = "running";
  agentStatus(agent, "busy");
  await new Promise((resolve) => setTimeout(resolve, 500));
  Object.assign(message, { attempt: 1, agent_id: agent.agent_id });
  if (chat.session.memory) memory.recall(message, at);
  emit({ type: "message_started", ...at });
  const fails = /fail/.test(question);
  const pieces = (fails ? "I began to" : ANSWER).match(/[\s\S]{1,14}/g);
  for (const text of pieces) {
    if (run.status === "cancelled") break;
    message.content += text;
    emit({ type: "message_delta", ...at, text });
    await new Promise((resolve) => setTimeout(resolve, Number(process.env.MOCK_PACE ?? 30)));
  }
  const status = run.status === "cancelled" ? "cancelled" : fails ? "failed" : "complete";
  const error = fails
    ? { code: "model_key_refused", detail: "openai answered 401: Incorrect API key provided." }
    : null;
  Object.assign(message, {
    status,
    error,
    usage: { input_tokens: 412, output_tokens: 286 },
    cost: "$0.000724",
  });
  Object.assign(run, { status: status === "complete" ? "completed" : status, finished_at: now(), error });
  chat.session.running = false;
  const { content, usage, cost } = message;
  emit({ type: "message_completed", ...at, content, usage, cost, status, error });
  emit({ type: `run_${run.status}`, session_id: chat.session.id, run_id: run.id, error });
  agent.last_error = error;
  agentStatus(agent, fails ? "error" : "ready");
}

function providers() {
  const provider = (name, label, source, base_url = null, needs_key = true) => ({
    provider: name,
    label,
    source: state.own.has(name) ? "own" : source,
    base_url,
    needs_key,
    key_hint: state.own.has(name) ? "…x7Qa" : null,
    error: null,
  });
  return [
    provider("ollama", "Ollama", "local", "http://127.0.0.1:11434", false),
    provider("openai", "OpenAI", "none"),
    provider("anthropic", "Anthropic", "none"),
    provider("google", "Google", "none"),
    provider("openrouter", "OpenRouter", "none"),
    provider("custom", "OpenAI-compatible server", "none", "", false),
    provider("demo", "Demo", "builtin", null, false),
  ];
}

function newAgent(body) {
  const handle = body.handle ?? body.name.toLowerCase();
  return {
    fallback_model: null,
    is_active: true,
    approval_hours: 168,
    memory: { recall: true, save: true },
    ...body,
    agent_id: `user1_${handle}`,
    handle,
    status: "ready",
    running: 0,
    last_error: null,
    created_at: now(),
    updated_at: now(),
  };
}

function newChat(title = "") {
  const session = {
    id: Date.now() * 4 + state.chats.size,
    title,
    created_at: now(),
    updated_at: now(),
    running: false,
    memory: true,
  };
  state.chats.set(session.id, { session, items: [], runs: [], plans: [], approvals: [] });
  return session;
}

function message(chat, body) {
  const handle = (body.target_agent ?? "").replace(/^@|^user1_/g, "");
  const agent = state.agents.find((one) => one.handle === handle) ?? state.agents[0];
  if (!agent)
    return [
      422,
      { type: "/problems/invalid", title: "Invalid", status: 422, detail: "Make an agent first." },
    ];
  const run = {
    id: uuid(),
    session_id: chat.session.id,
    mode: body.target_agent ? "direct" : "auto",
    status: "queued",
    agent_id: body.target_agent ? agent.agent_id : null,
    error: null,
    cost: null,
    created_at: now(),
    finished_at: null,
    tasks: [],
  };
  const base = {
    session_id: chat.session.id,
    run_id: run.id,
    error: null,
    usage: null,
    cost: null,
    attempt: 0,
    created_at: now(),
    tool_calls: [],
    attachments: [],
  };
  const question = {
    ...base,
    id: uuid(),
    role: "user",
    content: body.content,
    agent_id: null,
    target_agent: body.target_agent ?? null,
    status: "complete",
  };
  const reply = {
    ...base,
    id: uuid(),
    role: "assistant",
    content: "",
    agent_id: agent.agent_id,
    target_agent: null,
    status: "streaming",
  };
  Object.assign(run, { message_id: question.id, answer_id: reply.id });
  chat.items.push(question, reply);
  chat.runs.push(run);
  chat.session.title ||= body.content.slice(0, 50);
  chat.session.updated_at = now();
  if (run.mode === "auto") void plans.begin(chat, run, reply, body.content);
  else void answer(chat, run, reply, agent, body.content);
  return [202, { message_id: question.id, run_id: run.id, mode: run.mode, answer_id: reply.id }];
}

function history(chat, query) {
  const limit = Number(query.get("limit") ?? 50);
  const end = Number(query.get("cursor") ?? chat.items.length);
  const start = Math.max(0, end - limit);
  return {
    session: chat.session,
    items: chat.items.slice(start, end).map((item) => ({
      tool_calls: [],
      attachments: [],
      ...item,
      recalled: memory.recalledNow(item.recalled),
    })),
    runs: chat.runs,
    plans: chat.plans,
    approvals: chat.approvals,
    next_cursor: start > 0 ? String(start) : null,
    last_event_id: serial,
  };
}

function seed() {
  state.me = {
    id: 1,
    email: "maria@example.org",
    role: "admin",
    locale: process.env.MOCK_LOCALE ?? "en",
    created_at: now(),
    user_prefix: "user1_",
  };
  const model = { provider: "ollama", name: "qwen3:8b" };
  for (const [name, handle] of [
    ["Coder", "coder"],
    ["Writer", "writer"],
    ["Researcher", "researcher"],
  ]) {
    state.agents.push(
      newAgent({
        name,
        handle,
        system_prompt: "You are an experienced software engineer. Give working, readable code.",
        model,
        tools: [],
        concurrency_limit: 3,
      }),
    );
  }
  for (let index = 0; index < 60; index++) {
    const session = newChat(TITLES[index % TITLES.length]);
    session.updated_at = new Date(Date.now() - index * 5 * 3600_000).toISOString();
  }
  const long = newChat("Notes on distributed queues");
  const chat = state.chats.get(long.id);
  for (let index = 0; index < Number(process.env.MOCK_LONG ?? 400); index++) {
    const base = {
      session_id: long.id,
      run_id: null,
      error: null,
      usage: null,
      cost: null,
      attempt: 1,
      created_at: now(),
    };
    chat.items.push(
      index % 2
        ? {
            ...base,
            id: uuid(),
            role: "assistant",
            content: `Answer ${index}. ${ANSWER.slice(0, 60 + ((index * 37) % 900))}`,
            agent_id: "user1_coder",
            target_agent: null,
            status: "complete",
          }
        : {
            ...base,
            id: uuid(),
            role: "user",
            content: `Question ${index}?`,
            agent_id: null,
            target_agent: "user1_coder",
            status: "complete",
          },
    );
  }
}
if (!wantsAccount) seed();

const memory = memoryOf({ state, emit });
const plans = plansOf({ state, emit, answer });
const list = (items) => ({ items, next_cursor: null });
const routes = [
  ...plans.routes,
  ...memory.routes,
  [
    "GET",
    /^\/auth\/options\/$/,
    () => [
      200,
      {
        registration: "first",
        can_register: wantsAccount,
        needs_first_account: !state.me,
        oidc: null,
        password: true,
      },
    ],
  ],
  [
    "GET",
    /^\/auth\/me$/,
    () =>
      state.me && !state.out
        ? [200, state.me]
        : [401, { type: "/problems/unauthenticated", title: "Sign in", status: 401 }],
  ],
  ["PATCH", /^\/auth\/me$/, (_, body) => [200, Object.assign(state.me, body)]],
  [
    "POST",
    /^\/auth\/(login|register)$/,
    (_, body) => {
      state.out = false;
      if (body.password === "wrong")
        return [401, { type: "/problems/unauthenticated", title: "Refused", status: 401, detail: "" }];
      state.me ??= {
        id: 1,
        email: body.email,
        role: "admin",
        locale: "en",
        created_at: now(),
        user_prefix: "user1_",
        has_password: true,
      };
      return [200, state.me];
    },
  ],
  [
    "POST",
    /^\/auth\/logout$/,
    () => {
      state.out = true;
      return [204];
    },
  ],
  [
    "GET",
    /^\/auth\/sessions\/$/,
    () => [
      200,
      list([
        {
          id: "1",
          created_at: now(),
          last_seen_at: now(),
          expires_at: now(),
          user_agent: "Mozilla/5.0 (X11; Linux) Chrome/140",
          current: true,
        },
        {
          id: "2",
          created_at: now(),
          last_seen_at: "2026-11-20T10:00:00Z",
          expires_at: now(),
          user_agent: "Mozilla/5.0 (iPhone) Safari/605",
          current: false,
        },
      ]),
    ],
  ],
  ["GET", /^\/my\/api-keys\/$/, () => [200, list(state.keys)]],
  [
    "POST",
    /^\/my\/api-keys\/$/,
    (_, body) => {
      const key = { id: uuid(), name: body.name, hint: "9fk2", created_at: now(), last_used_at: null };
      state.keys.push(key);
      return [201, { ...key, key: "artel_1_Zk3vJr9Qw8mN5tYxB2cD7fGh9fk2" }];
    },
  ],
  [
    "DELETE",
    /^\/my\/api-keys\/(.+)\/$/,
    ([id]) => {
      state.keys = state.keys.filter((key) => key.id !== id);
      return [204];
    },
  ],
  ["GET", /^\/my\/agents\/$/, () => [200, list(state.agents)]],
  [
    "POST",
    /^\/my\/agents\/$/,
    (_, body) => {
      if (body.name === "bad")
        return [
          422,
          {
            type: "/problems/invalid",
            title: "Invalid",
            status: 422,
            detail: "Please correct the fields.",
            errors: [{ field: "name", message: "Another agent has this name." }],
          },
        ];
      const agent = newAgent(body);
      state.agents.push(agent);
      return [201, agent];
    },
  ],
  [
    "PUT",
    /^\/my\/agents\/(.+)\/$/,
    ([id], body) => [
      200,
      Object.assign(
        state.agents.find((agent) => agent.agent_id === id),
        body,
      ),
    ],
  ],
  [
    "DELETE",
    /^\/my\/agents\/(.+)\/$/,
    ([id]) => {
      state.agents = state.agents.filter((agent) => agent.agent_id !== id);
      return [204];
    },
  ],
  ["GET", /^\/my\/tools\/$/, () => [200, list(TOOLS)]],
  [
    "GET",
    /^\/my\/models\/$/,
    () => [200, { items: MODELS, providers: providers(), default: { provider: "ollama", name: "qwen3:8b" } }],
  ],
  [
    "PUT",
    /^\/my\/providers\/(.+)\/$/,
    ([name]) => {
      state.own.add(name);
      return [200, providers().find((one) => one.provider === name)];
    },
  ],
  [
    "DELETE",
    /^\/my\/providers\/(.+)\/$/,
    ([name]) => {
      state.own.delete(name);
      return [204];
    },
  ],
  [
    "POST",
    /^\/my\/providers\/(.+)\/test\/$/,
    ([name]) => [
      200,
      name === "anthropic"
        ? {
            ok: false,
            detail: "anthropic answered 401: invalid x-api-key",
            code: "model_key_refused",
            models: 0,
            latency_ms: 210,
          }
        : { ok: true, detail: "", code: null, models: 12, latency_ms: 184.2 },
    ],
  ],
  [
    "GET",
    /^\/my\/chat\/sessions\/$/,
    (_, __, query) => {
      const all = [...state.chats.values()]
        .map((chat) => chat.session)
        .sort((a, b) => b.updated_at.localeCompare(a.updated_at));
      const start = Number(query.get("cursor") ?? 0);
      const limit = Number(query.get("limit") ?? 40);
      return [
        200,
        {
          items: all.slice(start, start + limit),
          next_cursor: start + limit < all.length ? String(start + limit) : null,
        },
      ];
    },
  ],
  ["POST", /^\/my\/chat\/sessions\/$/, () => [201, newChat()]],
  ["POST", /^\/my\/chat\/(\d+)\/message\/$/, ([id], body) => message(state.chats.get(Number(id)), body)],
  [
    "GET",
    /^\/my\/chat\/(\d+)\/$/,
    ([id], _, query) => {
      const chat = state.chats.get(Number(id));
      return chat
        ? [200, history(chat, query)]
        : [404, { type: "/problems/not-found", title: "Not found", status: 404 }];
    },
  ],
  [
    "PATCH",
    /^\/my\/chat\/(\d+)\/$/,
    ([id], body) => [200, Object.assign(state.chats.get(Number(id)).session, body)],
  ],
  [
    "DELETE",
    /^\/my\/chat\/(\d+)\/$/,
    ([id]) => {
      state.chats.delete(Number(id));
      return [204];
    },
  ],
  [
    "POST",
    /^\/my\/runs\/(.+)\/cancel\/$/,
    ([id]) => {
      for (const chat of state.chats.values())
        for (const run of chat.runs) if (run.id === id) plans.cancel(run);
      return [202, {}];
    },
  ],
  ["POST", /^\/my\/runs\/(.+)\/retry\/$/, () => [202, {}]],
];

createServer(async (request, response) => {
  const url = new URL(request.url, "http://mock");
  if (url.pathname === "/my/events/") {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    const after = url.searchParams.get("last_event_id");
    response.write("retry: 1000\n\n");
    if (after)
      for (const entry of state.log)
        if (entry.id > Number(after)) response.write(`id: ${entry.id}\ndata: ${entry.data}\n\n`);
    state.listeners.add(response);
    request.on("close", () => state.listeners.delete(response));
    return;
  }
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = chunks.length ? JSON.parse(Buffer.concat(chunks).toString()) : {};
  for (const [method, pattern, handle] of routes) {
    const match = method === request.method && pattern.exec(url.pathname);
    if (!match) continue;
    const [status, answer] = handle(match.slice(1), body, url.searchParams);
    response.writeHead(status, {
      "Content-Type": status < 400 ? "application/json" : "application/problem+json",
    });
    return response.end(answer === undefined ? "" : JSON.stringify(answer));
  }
  response
    .writeHead(404, { "Content-Type": "application/problem+json" })
    .end(JSON.stringify({ type: "/problems/not-found", title: "Not found", status: 404 }));
}).listen(Number(process.env.MOCK_PORT ?? 8000), "127.0.0.1");

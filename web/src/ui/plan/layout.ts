/** What the layout needs of a task. */
export interface Linked {
  id: string;
  depends_on: string[];
}

export interface Size {
  width: number;
  height: number;
  gapX: number;
  gapY: number;
}

export interface Place {
  id: string;
  x: number;
  y: number;
}

export interface Layout {
  places: Place[];
  width: number;
  height: number;
}

/** So many tasks stand one above the other; more of the same depth go on in another column. */
const ROWS = 7;

/** How many tasks must be over before each one at least, counting along its longest chain. A circle ends the count. */
export function depths(tasks: readonly Linked[]): Map<string, number> {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const known = new Map<string, number>();
  const depthOf = (task: Linked, path: ReadonlySet<string>): number => {
    const before = known.get(task.id);
    if (before !== undefined) return before;
    const below = task.depends_on.flatMap((id) => {
      const needed = byId.get(id);
      return needed && !path.has(id) ? [depthOf(needed, new Set([...path, id]))] : [];
    });
    const depth = below.length ? Math.max(...below) + 1 : 0;
    known.set(task.id, depth);
    return depth;
  };
  for (const task of tasks) depthOf(task, new Set([task.id]));
  return known;
}

/** Tasks in columns by depth, each near the height of what it waits for. */
export function layoutOf(tasks: readonly Linked[], size: Size): Layout {
  const columns = columnsOf(tasks);
  const tallest = Math.max(0, ...columns.map((column) => column.length));
  const places = columns.flatMap((column, index) =>
    column.map((id, row) => ({
      id,
      x: index * (size.width + size.gapX),
      y: (row + (tallest - column.length) / 2) * (size.height + size.gapY),
    })),
  );
  return {
    places,
    width: Math.max(0, columns.length * (size.width + size.gapX) - size.gapX),
    height: Math.max(0, tallest * (size.height + size.gapY) - size.gapY),
  };
}

function columnsOf(tasks: readonly Linked[]): string[][] {
  const depth = depths(tasks);
  const layers: Linked[][] = [];
  for (const task of tasks) {
    const at = depth.get(task.id) ?? 0;
    layers[at] = [...(layers[at] ?? []), task];
  }
  const row = new Map<string, number>();
  return layers.flatMap((layer = []) => {
    const sorted = layer
      .map((task, index) => ({ id: task.id, wish: wishOf(task, row) ?? index }))
      .sort((left, right) => left.wish - right.wish);
    sorted.forEach(({ id }, index) => {
      row.set(id, index - sorted.length / 2);
    });
    const wraps = Math.ceil(sorted.length / ROWS);
    const per = Math.ceil(sorted.length / wraps);
    return Array.from({ length: wraps }, (_, wrap) =>
      sorted.slice(wrap * per, (wrap + 1) * per).map(({ id }) => id),
    );
  });
}

/** The middle of the rows of what a task waits for. */
function wishOf(task: Linked, row: ReadonlyMap<string, number>): number | null {
  const rows = task.depends_on.flatMap((id) => row.get(id) ?? []);
  return rows.length ? rows.reduce((sum, one) => sum + one, 0) / rows.length : null;
}

// A flow's text and its steps: where each stands, and changes to it that leave all else, comments and order, as it is.
import { isMap, isScalar, isSeq, type Node, type Pair, parseDocument, type YAMLMap, type YAMLSeq } from "yaml";
import { afterColon, dedented, indentOf, isBlank, lineEnd, lineStart, oneLine, quoted, shifted } from "./flow-lines";

/** A replacement in the text, as the editor dispatches it. */
export interface Change {
  from: number;
  to: number;
  insert: string;
}

/** A change that the text does not allow; its message says why. */
export class Refused extends Error {}

const IN_SOURCE = "This is written on one line. Change it in the source.";
const ORDER = [
  "if", "input", "call", "with", "set", "switch", "for", "while", "fork", "try", "catch", "raise", "run", "wait", "emit", "do",
  "timeout", "output", "export", "then", "metadata",
];

/** A parsed text. Offsets count UTF-16 units, as the editor's do. */
export class FlowText {
  private readonly root: Node | null;

  constructor(readonly text: string) {
    const document = parseDocument(text, { keepSourceTokens: false, uniqueKeys: false });
    this.root = document.errors.length ? null : (document.contents as Node | null);
  }

  /** Whether changes can be made at all. */
  get readable(): boolean {
    return this.root !== null;
  }

  /** The names of the steps in the list of the step at `pointer`. */
  siblings(pointer: string): string[] {
    const list = this.node(listOf(pointer));
    return isSeq(list) ? list.items.map((item) => nameOf(item)) : [];
  }

  /** The pointers of the cases of the switch at `pointer`; null when they are not written as a list of lines. */
  cases(pointer: string): string[] | null {
    const list = this.node(pointer, ["switch"]);
    if (!isSeq(list) || list.flow || list.items.some((item) => nameOf(item) === "")) return null;
    return list.items.map((item, index) => stepAt(`${pointer}/switch`, index, nameOf(item)));
  }

  /** Whether there is a step at `pointer`. */
  has(pointer: string): boolean {
    return this.node(pointer) !== undefined;
  }

  /** The value at a path below a step, as plain data; undefined when there is none. */
  value(pointer: string, path: readonly (string | number)[]): unknown {
    const node = this.node(pointer, path);
    return node ? (node as { toJSON(): unknown }).toJSON() : undefined;
  }

  /** The text of the value at a path below a step, its indentation taken away; "" when there is none. */
  source(pointer: string, path: readonly (string | number)[]): string {
    const node = this.node(pointer, path);
    if (!node?.range) return "";
    if (isScalar(node) && !String(node.value ?? "").includes("\n")) return String(node.value ?? "");
    const text = this.text.slice(node.range[0], this.end(node));
    const first = lineEnd(text, 0);
    if (isScalar(node)) return `${text.slice(0, first)}\n${shifted(dedented(text.slice(first + 1)), 2, true)}`;
    return shifted(text, lineStart(this.text, node.range[0]) - node.range[0]);
  }

  /** A step into the list at `list`, at its beginning, or after the step `after`. */
  add(place: { list?: string; after?: string }, name: string, body: string): Change {
    if (place.after) return this.addAfter(place.after, name, body);
    const list = this.node(place.list!);
    if (isSeq(list) && list.items.length && !list.flow) {
      const first = this.block(list, 0);
      return { from: first.from, to: first.from, insert: written(name, body, first.column) + "\n" };
    }
    return this.addToEmpty(place.list!, name, body);
  }

  /** The step and the comment lines directly above it taken out. */
  remove(pointer: string): Change {
    const { list, index } = this.place(pointer);
    const block = this.block(list, index);
    if (list.items.length === 1) {
      throw new Refused("The only step of its list cannot be removed. Remove the step around it, or add another first.");
    }
    return { from: block.from, to: Math.min(block.to + 1, this.text.length), insert: "" };
  }

  /** The step moved over its neighbour: up (-1) or down (1). Null when there is none. */
  move(pointer: string, by: -1 | 1): Change | null {
    const { list, index } = this.place(pointer);
    const upper = by < 0 ? index - 1 : index;
    if (upper < 0 || upper + 1 >= list.items.length) return null;
    const first = this.block(list, upper);
    const second = this.block(list, upper + 1);
    const between = this.text.slice(first.to, second.from);
    return {
      from: first.from,
      to: second.to,
      insert: this.text.slice(second.from, second.to) + between + this.text.slice(first.from, first.to),
    };
  }

  /** The step taken to another place, which must not lie inside it. */
  moveTo(pointer: string, place: { list?: string; after?: string }): Change[] {
    const goal = place.after ?? place.list!;
    if (`${goal}/`.startsWith(`${pointer}/`)) throw new Refused("A step cannot be moved into itself.");
    const { list, index } = this.place(pointer);
    const block = this.block(list, index);
    const own = this.text.slice(this.dash(list, index).from, block.to);
    if (!own.includes("\n")) throw new Refused(IN_SOURCE);
    const body = dedented(own.slice(own.indexOf("\n") + 1));
    const name = nameOf(list.items[index]);
    return [this.remove(pointer), this.add(place, name, body)];
  }

  /** A step's name, and with it every `then` of its list that leads to it. */
  rename(pointer: string, name: string): Change[] {
    const { list, index } = this.place(pointer);
    if (!/^[A-Za-z_][\w-]*$/.test(name)) throw new Refused("A step's name is letters, digits, _ and -.");
    if (this.siblings(pointer).some((other, at) => other === name && at !== index)) {
      throw new Refused(`There is a step ${name} in this list already.`);
    }
    const former = nameOf(list.items[index]);
    const key = (list.items[index] as YAMLMap).items[0]!.key as Node;
    const changes = [{ from: key.range![0], to: key.range![1], insert: name }];
    if (/\/switch$/.test(listOf(pointer))) return changes; // a case: nothing leads to it by its name
    for (const item of list.items) {
      for (const target of targets((item as YAMLMap).items[0]?.value)) {
        if (isScalar(target) && target.value === former && target.range) {
          changes.push({ from: target.range[0], to: target.range[1], insert: name });
        }
      }
    }
    return changes;
  }

  /** A text at a path below a step, quoted as the former one was, or as it needs to be; an empty one takes the key away. */
  setText(pointer: string, path: readonly (string | number)[], text: string): Change | null {
    const former = this.node(pointer, path);
    return this.set(pointer, path, text.trim() ? quoted(text, isScalar(former) ? former.type : undefined) : "");
  }

  /** The value at a path below a step, written as `source` says; an empty one takes the key away. */
  set(pointer: string, path: readonly (string | number)[], source: string): Change | null {
    let known = path.length;
    while (known > 0 && !this.node(pointer, path.slice(0, known))) known--;
    if (!source.trim()) return known === path.length ? this.unset(pointer, path) : null;
    if (known === path.length) return this.replace(pointer, path, source);
    let value = source;
    for (const key of path.slice(known + 1).reverse()) value = `${key}:${afterColon(value, 2)}`;
    return this.insertKey(pointer, path.slice(0, known), String(path[known]), value);
  }

  private addAfter(after: string, name: string, body: string): Change {
    const { list, index } = this.place(after);
    const block = this.block(list, index);
    return { from: block.to, to: block.to, insert: "\n" + written(name, body, block.column) };
  }

  private addToEmpty(pointer: string, name: string, body: string): Change {
    const pair = this.pair(pointer);
    if (!pair) throw new Refused("The list is not there. Write it in the source.");
    const key = pair.key as Node;
    const column = key.range![0] - lineStart(this.text, key.range![0]);
    const value = pair.value as Node | null;
    const colon = this.text.indexOf(":", key.range![1]) + 1;
    const to = value?.range && this.end(value) > colon ? this.end(value) : colon;
    return { from: colon, to, insert: "\n" + written(name, body, column + 2) };
  }

  private replace(pointer: string, path: readonly (string | number)[], source: string): Change {
    const node = this.node(pointer, path)!;
    const pair = this.pair(pointer, path);
    const parent = this.node(pointer, path.slice(0, -1));
    if (!pair || (isMap(parent) && parent.flow)) {
      return { from: node.range![0], to: this.end(node), insert: oneLine(source) };
    }
    const key = pair.key as Node;
    const column = key.range![0] - lineStart(this.text, key.range![0]);
    const from = this.text.indexOf(":", key.range![1]) + 1;
    return { from, to: this.end(node), insert: afterColon(source, column + 2) };
  }

  private insertKey(pointer: string, path: readonly (string | number)[], key: string, value: string): Change {
    const parent = this.node(pointer, path);
    if (!isMap(parent)) throw new Refused(IN_SOURCE);
    if (parent.flow) {
      const inside = this.text.slice(parent.range![0] + 1, parent.range![1] - 1).trim();
      const insert = `{${inside}${inside ? ", " : ""}${key}: ${oneLine(value)}}`;
      return { from: parent.range![0], to: parent.range![1], insert };
    }
    const rank = ORDER.indexOf(key);
    const next = rank < 0 ? undefined : parent.items.find((pair) => ORDER.indexOf(keyOf(pair)) > rank);
    const first = (parent.items[0]!.key as Node).range![0];
    const column = first - lineStart(this.text, first);
    const line = `${key}:${afterColon(value, column + 2)}`;
    if (next) {
      const at = (next.key as Node).range![0];
      return { from: at, to: at, insert: `${line}\n${" ".repeat(column)}` };
    }
    const at = lineEnd(this.text, this.end(parent));
    return { from: at, to: at, insert: `\n${" ".repeat(column)}${line}` };
  }

  private unset(pointer: string, path: readonly (string | number)[]): Change {
    const parent = this.node(pointer, path.slice(0, -1));
    if (!isMap(parent)) throw new Refused(IN_SOURCE);
    if (parent.items.length === 1 && path.length > 1) return this.unset(pointer, path.slice(0, -1));
    if (parent.items.length === 1) throw new Refused("A step needs something to do.");
    const pair = this.pair(pointer, path)!;
    const from = (pair.key as Node).range![0];
    const to = pair.value ? this.end(pair.value as Node) : (pair.key as Node).range![1];
    if (!parent.flow) {
      return { from: lineStart(this.text, from), to: Math.min(lineEnd(this.text, to) + 1, this.text.length), insert: "" };
    }
    const after = /^\s*,\s*/.exec(this.text.slice(to));
    if (after) return { from, to: to + after[0].length, insert: "" };
    const before = /,\s*$/.exec(this.text.slice(0, from));
    return { from: from - (before?.[0].length ?? 0), to, insert: "" };
  }

  private place(pointer: string): { list: YAMLSeq; index: number } {
    const list = this.node(listOf(pointer));
    if (!isSeq(list)) throw new Refused("The step is not there any more.");
    if (list.flow) throw new Refused(IN_SOURCE);
    return { list, index: Number(parts(pointer).at(-2)) };
  }

  /** Where an item's own lines begin: at its dash. */
  private dash(list: YAMLSeq, index: number): { from: number; column: number } {
    const start = (list.items[index] as Node).range![0];
    const from = lineStart(this.text, start);
    return { from, column: this.text.slice(from, start).lastIndexOf("-") };
  }

  /** An item with the comment lines directly above it: from its first line's start to its last line's end. */
  private block(list: YAMLSeq, index: number): { from: number; to: number; column: number } {
    const { from: dash, column } = this.dash(list, index);
    if (column < 0 || this.text.slice(dash, dash + column).trim()) throw new Refused(IN_SOURCE);
    let from = dash;
    for (;;) {
      const above = lineStart(this.text, from - 1);
      const line = this.text.slice(above, Math.max(from - 1, 0));
      if (from === 0 || !line.trimStart().startsWith("#") || indentOf(line) !== column) break;
      from = above;
    }
    let to = lineEnd(this.text, dash);
    for (let at = to + 1; at <= this.text.length; ) {
      const line = this.text.slice(at, lineEnd(this.text, at));
      if (!isBlank(line) && indentOf(line) <= column) break;
      if (!isBlank(line)) to = at + line.length;
      if (at + line.length >= this.text.length) break;
      at += line.length + 1;
    }
    return { from, to, column };
  }

  /** Where a value's last character stands. */
  private end(node: Node): number {
    if (isMap(node) && !node.flow && node.items.length) {
      const last = node.items.at(-1)!;
      return last.value ? this.end(last.value as Node) : (last.key as Node).range![1];
    }
    if (isSeq(node) && !node.flow && node.items.length) return this.end(node.items.at(-1) as Node);
    const [from, to] = node.range!;
    return from + this.text.slice(from, to).trimEnd().length;
  }

  private node(pointer: string, path: readonly (string | number)[] = []): Node | undefined {
    let node: unknown = this.root;
    for (const part of [...parts(pointer), ...path]) {
      if (isMap(node)) node = node.items.find((pair) => keyOf(pair) === String(part))?.value;
      else if (isSeq(node)) node = node.items[Number(part)];
      else return undefined;
    }
    return (node as Node | null) ?? undefined;
  }

  private pair(pointer: string, path: readonly (string | number)[] = []): Pair | undefined {
    const all = [...parts(pointer), ...path.map(String)];
    let parent: unknown = this.root;
    for (const part of all.slice(0, -1)) {
      parent = isMap(parent) ? parent.items.find((pair) => keyOf(pair) === part)?.value : isSeq(parent) ? parent.items[Number(part)] : undefined;
    }
    return isMap(parent) ? parent.items.find((pair) => keyOf(pair) === all.at(-1)) : undefined;
  }
}

/** The pointer of the list that holds a step. */
export function listOf(pointer: string): string {
  return pointer.split("/").slice(0, -2).join("/");
}

/** The pointer of a step in a list. */
export function stepAt(list: string, index: number, name: string): string {
  return `${list}/${index}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

function parts(pointer: string): string[] {
  return pointer.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : "";
}

function nameOf(item: unknown): string {
  return isMap(item) && item.items.length === 1 ? keyOf(item.items[0]!) : "";
}

/** Everything in a task that leads to a step of its list. */
function* targets(task: unknown): Generator<unknown> {
  if (!isMap(task)) return;
  yield task.get("then", true);
  const caught = task.get("catch");
  if (isMap(caught)) yield caught.get("then", true);
  const cases = task.get("switch");
  if (!isSeq(cases)) return;
  for (const item of cases.items) {
    const value = isMap(item) ? item.items[0]?.value : undefined;
    if (isMap(value)) yield value.get("then", true);
  }
}

function written(name: string, body: string, column: number): string {
  const space = " ".repeat(column);
  return `${space}- ${name}:\n${shifted(body, column + 4, true)}`;
}

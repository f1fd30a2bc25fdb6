/** Lines of a text: where they begin and end, and how they are indented. */

/** Where the line of an offset begins. */
export function lineStart(text: string, at: number): number {
  return at <= 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
}

/** Where the line of an offset ends, before its line break. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

/** How many spaces a line begins with. */
export function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** Whether a line holds nothing. */
export function isBlank(line: string): boolean {
  return line.trim() === "";
}

/** The lines moved to the right, or with a negative number to the left; the first one only when `first` says so. */
export function shifted(text: string, by: number, first = false): string {
  const move = (line: string): string => {
    if (isBlank(line)) return "";
    return by >= 0 ? " ".repeat(by) + line : line.slice(Math.min(-by, indentOf(line)));
  };
  return text
    .replace(/\n+$/, "")
    .split("\n")
    .map((line, at) => (at === 0 && !first && by < 0 ? line : move(line)))
    .join("\n");
}

/** The lines moved to the left until one of them begins at the edge. */
export function dedented(text: string): string {
  const filled = text.split("\n").filter((line) => !isBlank(line));
  return shifted(text, -Math.min(...filled.map(indentOf), Infinity), true);
}

/** What follows "key:" in a block mapping: the value on the same line when it is one line and no mapping, else below. */
export function afterColon(value: string, column: number): string {
  const lines = value.replace(/\s+$/, "");
  if (/^[|>][+-]?\d?\n/.test(lines)) {
    const [head, ...rest] = lines.split("\n");
    return ` ${head}\n${shifted(dedented(rest.join("\n")), column, true)}`;
  }
  const nested = /^(?:[\w-]+|"[^"]*"|'[^']*'):(?: |\n|$)/.test(lines) || /^(?:- |#)/.test(lines);
  return nested || lines.includes("\n") ? "\n" + shifted(lines, column, true) : ` ${lines}`;
}

/** A mapping of several plain lines in one line, for a place where all is written so; anything else as it is. */
export function oneLine(value: string): string {
  const lines = value.trim().split("\n");
  return lines.every((line) => /^[\w-]+: \S/.test(line)) ? `{${lines.join(", ")}}` : value;
}

/** A text as a scalar: in the quotes of the former one, plain when it may be, else in single quotes. */
export function quoted(text: string, former?: string): string {
  if (former === "QUOTE_DOUBLE" || /[\n\t]/.test(text)) return JSON.stringify(text);
  const plain = /^[A-Za-z_./][^'"#{}[\],&*!|>%@`\\]*$/.test(text) && !/:(?:\s|$)|\s$/.test(text) && !/^(?:true|false|null)$/i.test(text);
  const bare = plain || /^\.[^'"#{}[\],`\\]*$/.test(text) && !/:(?:\s|$)|\s$/.test(text);
  return former !== "QUOTE_SINGLE" && bare ? text : `'${text.replaceAll("'", "''")}'`;
}

/** The first line of a commit's message. */
export function headline(message: string): string {
  const line = message.split("\n", 1)[0]?.trim() ?? "";
  return line === "" ? "(no message)" : line;
}

/** What follows the first line. */
export function messageBody(message: string): string {
  const end = message.indexOf("\n");
  return end === -1 ? "" : message.slice(end).trim();
}

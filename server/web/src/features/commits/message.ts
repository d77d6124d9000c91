const UUID = /\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;

/** The first line of a commit's message; run ids in it are as short as everywhere on the page. */
export function headline(message: string): string {
  const line = message.split("\n", 1)[0]?.trim() ?? "";
  return line === "" ? "(no message)" : line.replace(UUID, "$1");
}

/** What follows the first line. */
export function messageBody(message: string): string {
  const end = message.indexOf("\n");
  return end === -1 ? "" : message.slice(end).trim();
}

import type { Ref, Transaction } from "../../api/types";
import { formatRelative } from "../../ui/format";

export interface RefChoice {
  /** As it stands in addresses. */
  ref: string;
  /** When it moved, or what became of its run. */
  note: string;
}

export interface RefGroup {
  label: string;
  choices: RefChoice[];
}

interface Known {
  branches: readonly Ref[];
  tags: readonly Ref[];
  transactions: readonly Transaction[];
  /** What was typed. */
  text: string;
  now: Date;
}

/** A branch, tag or commit id, then a time, then steps back: what the server takes as a ref. */
const REVISION = /^(run:[0-9a-f-]{36}|[A-Za-z0-9][A-Za-z0-9._-]*)(@\{[^{}]+\})?(~\d*)*$/;

/** The refs to choose from, by kind. What was typed narrows them, and is a choice itself if it can be a ref. */
export function refChoices({ branches, tags, transactions, text, now }: Known): RefGroup[] {
  const typed = text.trim();
  const moved = (ref: Ref): RefChoice => ({
    ref: ref.name,
    note: formatRelative(new Date(ref.updated_at), now),
  });
  const groups: RefGroup[] = [
    { label: "Branches", choices: branches.map(moved) },
    { label: "Tags", choices: tags.map(moved) },
    {
      label: "Branches of runs",
      choices: transactions
        .filter((transaction) => transaction.head != null && transaction.state !== "expired")
        .map((transaction) => ({ ref: `run:${transaction.run_id}`, note: transaction.state })),
    },
  ];
  const narrowed = groups
    .map(({ label, choices }) => ({
      label,
      choices: choices.filter(({ ref }) => ref.toLowerCase().includes(typed.toLowerCase())),
    }))
    .filter(({ choices }) => choices.length > 0);
  const known = groups.some(({ choices }) => choices.some(({ ref }) => ref === typed));
  if (known || !REVISION.test(typed)) return narrowed;
  return [...narrowed, { label: "As typed", choices: [{ ref: typed, note: "" }] }];
}

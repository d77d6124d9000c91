import { IconCylinder, IconFileText, IconHexagon, IconTable } from "@tabler/icons-react";
import type { LineageNode } from "../../api/types";
import { repositoryOf } from "./node";

const ICONS = { model: IconHexagon, file: IconFileText, source: IconCylinder, table: IconTable };

/** The shape of a kind: a model is a hexagon, a report a page, a source outside a cylinder, data a table. */
export function KindIcon({ node, size = 16 }: { node: LineageNode; size?: number }) {
  const Glyph = ICONS[iconOf(node)];
  return <Glyph size={size} stroke={1.6} aria-hidden />;
}

function iconOf({ version, dataset_type }: LineageNode): keyof typeof ICONS {
  const type = dataset_type?.toUpperCase();
  if (type === "MODEL") return "model";
  if (type === "FILE" || type === "REPORT") return "file";
  return version && repositoryOf(version) === undefined ? "source" : "table";
}

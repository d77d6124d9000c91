import { Handle, Position } from "@xyflow/react";
import { INDENT } from "./blocks";

/** Where edges meet a card: data comes in at the left and goes out at the right, or down within a block. */
export function Ends() {
  return (
    <>
      <Handle id="left" type="target" position={Position.Left} isConnectable={false} />
      <Handle id="right" type="source" position={Position.Right} isConnectable={false} />
      <Handle
        id="bottom"
        type="source"
        position={Position.Bottom}
        isConnectable={false}
        style={{ left: INDENT / 2 }}
      />
    </>
  );
}

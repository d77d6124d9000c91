import { IconBiohazard } from "@tabler/icons-react";
import { Status } from "../../ui/Status";

/** Marks what was made from something bad, and by no clean run as well. */
export function Tainted() {
  return (
    <Status
      tone="tainted"
      icon={IconBiohazard}
      label="Tainted"
      title="Made from something bad, and no clean run made the same content"
    />
  );
}

import { Button, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconTerminal2 } from "@tabler/icons-react";

/** Copies what this page shows or does as a command. The command itself is the tooltip. */
export function CopyCommand({ command }: { command: string }) {
  const clipboard = useClipboard({ timeout: 1500 });
  const Glyph = clipboard.copied ? IconCheck : IconTerminal2;
  return (
    <Tooltip label={<code>{command}</code>} multiline maw={520}>
      <Button
        variant="default"
        leftSection={<Glyph size={14} aria-hidden />}
        onClick={() => clipboard.copy(command)}
      >
        {clipboard.copied ? "Copied" : "Copy as CLI"}
      </Button>
    </Tooltip>
  );
}

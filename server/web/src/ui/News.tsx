import { Button } from "@mantine/core";
import { IconArrowUp } from "@tabler/icons-react";

interface NewsProps {
  /** How many there are that the list does not show. */
  count: number;
  onShow: () => void;
}

/** Tells of what came since a list was loaded. The list moves only when asked to. */
export function News({ count, onShow }: NewsProps) {
  return (
    <div role="status">
      {count > 0 && (
        <Button
          variant="light"
          size="xs"
          leftSection={<IconArrowUp size={14} aria-hidden />}
          onClick={onShow}
        >
          {count} new
        </Button>
      )}
    </div>
  );
}

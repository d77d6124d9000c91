import { Button, Group, Kbd, Modal, Stack, TextInput } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { type SubmitEvent, useState } from "react";
import { useNavigate } from "react-router";
import { destination } from "./destination";
import classes from "./NavigationRail.module.css";

/** Takes a name as the CLI, Dagster or a colleague gives it, and goes there. */
export function GoTo() {
  const [opened, { open, close }] = useDisclosure(false);
  useHotkeys([
    ["mod+K", open],
    ["/", open],
  ]);
  return (
    <>
      <button type="button" className={classes.item} onClick={open}>
        <IconSearch size={20} stroke={1.6} aria-hidden />
        Go to
      </button>
      <Modal opened={opened} onClose={close} title="Go to" size="lg" centered={false} yOffset="12vh">
        <GoToForm onDone={close} />
      </Modal>
    </>
  );
}

function GoToForm({ onDone }: { onDone: () => void }) {
  const [text, setText] = useState("");
  const [unknown, setUnknown] = useState(false);
  const navigate = useNavigate();

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const url = destination(text);
    setUnknown(url === undefined);
    if (url === undefined) return;
    onDone();
    void navigate(url);
  };

  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          data-autofocus
          size="sm"
          label="Name"
          description="A run (run:…), an address (lf://repository/@ref/path) or a lineage node (version:…)"
          placeholder="lf://flights/@main/daily/delays"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          error={
            unknown && "This is no run, address or lineage node. Paste one as the command line prints it."
          }
        />
        <Group justify="space-between">
          <span className="dim">
            Open with <Kbd size="xs">/</Kbd> or <Kbd size="xs">Ctrl K</Kbd>
          </span>
          <Button type="submit">Go</Button>
        </Group>
      </Stack>
    </form>
  );
}

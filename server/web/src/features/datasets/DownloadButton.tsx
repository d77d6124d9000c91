import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import type { ObjectEntry } from "../../api/types";
import { urls } from "../../urls";

/** Saves an object's bytes as a file. The server sends them as an attachment: nothing in them runs on this page. */
export function DownloadButton({ repository, object }: { repository: string; object: ObjectEntry }) {
  const name = object.path.split("/").at(-1) ?? object.path;
  return (
    <Button
      component="a"
      href={urls.download(repository, object.object_id, name)}
      download={name}
      variant="default"
      leftSection={<IconDownload size={14} aria-hidden />}
    >
      Download
    </Button>
  );
}

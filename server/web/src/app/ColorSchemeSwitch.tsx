import { ActionIcon, Tooltip, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { IconMoon, IconSun } from "@tabler/icons-react";

/** Turns the page from light to dark and back. Until it is used, the page follows the system. */
export function ColorSchemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const other = useComputedColorScheme("light") === "dark" ? "light" : "dark";
  const label = `Switch to the ${other} theme`;
  return (
    <Tooltip label={label} position="right">
      <ActionIcon size={32} aria-label={label} onClick={() => setColorScheme(other)}>
        {other === "dark" ? <IconMoon size={18} stroke={1.6} /> : <IconSun size={18} stroke={1.6} />}
      </ActionIcon>
    </Tooltip>
  );
}

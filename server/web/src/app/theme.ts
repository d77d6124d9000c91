import {
  ActionIcon,
  Button,
  Checkbox,
  Combobox,
  createTheme,
  Modal,
  TextInput,
  Tooltip,
} from "@mantine/core";

/** What Mantine's components do unless told otherwise. Colours and sizes are in `tokens.css`. */
export const theme = createTheme({
  cursorType: "pointer",
  components: {
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: "subtle", color: "gray", size: 28 } }),
    Button: Button.extend({ defaultProps: { size: "xs" } }),
    Checkbox: Checkbox.extend({ defaultProps: { size: "xs" } }),
    Combobox: Combobox.extend({ defaultProps: { shadow: "md" } }),
    // Locking the scroll would write an inline <style>, which the content security policy forbids.
    Modal: Modal.extend({ defaultProps: { lockScroll: false, centered: true } }),
    TextInput: TextInput.extend({ defaultProps: { size: "xs" } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 250, withArrow: true } }),
  },
});

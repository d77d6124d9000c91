import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "react-router/dom";
import { queryClient } from "./queryClient";
import { router } from "./router";
import { theme } from "./theme";

export function App() {
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      // Both would write an inline <style>, which the content security policy forbids: see tokens.css.
      withCssVariables={false}
      withGlobalClasses={false}
      withStaticClasses={false}
    >
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { isPassing } from "@/api/problem";
import { startTexts } from "@/lib/i18n";
import { mendStyles } from "@/lib/patiently";
import { watchTheme } from "@/lib/theme";
import { App } from "./App";
import { ErrorBoundary } from "./ErrorBoundary";
import "./styles.css";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => failures < 3 && isPassing(error),
    },
  },
});

const root = document.getElementById("root");
if (!root) throw new Error("The page has no #root");

watchTheme();
mendStyles();
await startTexts();
createRoot(root).render(
  <StrictMode>
    <ErrorBoundary>
      <QueryClientProvider client={client}>
        <App />
      </QueryClientProvider>
    </ErrorBoundary>
  </StrictMode>,
);

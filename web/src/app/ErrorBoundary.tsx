import { Component, type ReactNode } from "react";
import { Translation } from "react-i18next";
import { EmptyState } from "@/ui/EmptyState";

/** The last resort: says what happened instead of showing an empty page. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <Translation>
        {(t) => (
          <main className="flex h-full">
            <EmptyState
              title={t("errors.pageTitle")}
              text={t("errors.pageText")}
              action={{ label: t("errors.reload"), run: () => location.reload() }}
            />
          </main>
        )}
      </Translation>
    );
  }
}

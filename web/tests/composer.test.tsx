// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { keys } from "@/api/keys";
import type { Agent } from "@/api/types";
import { Composer } from "@/features/conversation/Composer";
import type { Attachments } from "@/features/conversation/files/useAttachments";

vi.mock("react-i18next", () => ({ useTranslation: () => ({ t: (key: string) => key }) }));
afterEach(cleanup);

const files: Attachments = {
  items: [],
  busy: false,
  failed: false,
  leftOut: 0,
  add: () => undefined,
  remove: () => undefined,
  again: () => undefined,
  take: () => [],
  putBack: () => undefined,
};

function composer(team: Agent[], onSend: (content: string, target: string | null) => void) {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
  client.setQueryData(keys.agents, team);
  return (target: string | null | undefined) => (
    <QueryClientProvider client={client}>
      <Composer
        draft="Hello"
        onDraft={() => undefined}
        target={target}
        onTarget={() => undefined}
        files={files}
        onSend={onSend}
      />
    </QueryClientProvider>
  );
}

describe("a message written before it is known whom it is for", () => {
  it("waits, although the team has just come in, and goes to whom it then is for", () => {
    const onSend = vi.fn();
    const drawn = composer([], onSend);
    const { rerender } = render(drawn(undefined));

    fireEvent.keyDown(screen.getByRole("textbox"), { key: "Enter" });
    expect(onSend).not.toHaveBeenCalled();
    rerender(drawn("coder"));

    expect(onSend).toHaveBeenCalledExactlyOnceWith("Hello", "coder", []);
  });

  it("goes at once to nobody in particular when that was chosen", () => {
    const onSend = vi.fn();
    render(composer([], onSend)(null));

    fireEvent.keyDown(screen.getByRole("textbox"), { key: "Enter" });

    expect(onSend).toHaveBeenCalledExactlyOnceWith("Hello", null, []);
  });
});

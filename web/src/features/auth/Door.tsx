import type { ReactNode } from "react";
import { Brand } from "@/ui/Logo";
import { LanguageSwitch } from "./LanguageSwitch";

/** What stands around everything that is seen before one is signed in. */
export function Door({ children }: { children: ReactNode }) {
  return (
    <div className="scroll-thin flex h-full flex-col overflow-y-auto">
      <header className="flex items-center justify-between px-5 py-4">
        <Brand />
        <LanguageSwitch />
      </header>
      <main id="main" className="m-auto w-full max-w-sm px-5 py-8">
        {children}
      </main>
    </div>
  );
}

export function DoorHeading({ title, text }: { title: string; text: string }) {
  return (
    <>
      <h1 className="font-semibold text-[1.7rem] tracking-tight">{title}</h1>
      <p className="mt-1.5 mb-7 text-ink-soft">{text}</p>
    </>
  );
}

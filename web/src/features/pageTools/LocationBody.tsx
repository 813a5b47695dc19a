import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Spinner } from "@/ui/Spinner";
import type { BodyProps } from "./body";
import { findPosition } from "./position";
import type { PageProblem } from "./problem";

/** Where the user is: found, and sent at once, since that is what was just agreed to. */
export function LocationBody({ tool, busy, send, fail }: BodyProps) {
  const { t } = useTranslation();
  const told = useRef({ send, fail });
  useEffect(() => {
    told.current = { send, fail };
  });
  const exactly = tool.arguments.high_accuracy === true;
  useEffect(() => {
    let over = false;
    findPosition(exactly).then(
      (position) => over || told.current.send(position),
      (problem: PageProblem) => over || told.current.fail(problem),
    );
    return () => {
      over = true;
    };
  }, [exactly]);
  return (
    <p role="status" className="flex items-center gap-2.5 rounded-xl bg-sunken p-4">
      <Spinner />
      {t(busy ? "page.sending" : "page.geolocation.finding")}
    </p>
  );
}

import type { Me } from "@/api/types";
import { ExportPart } from "./ExportPart";
import { LeavePart } from "./LeavePart";
import { RetentionPart } from "./RetentionPart";

/** Everything of a user's at once: taken along, let grow old, removed. */
export function DataSection({ me }: { me: Me }) {
  return (
    <div className="flex flex-col gap-10">
      <ExportPart />
      <RetentionPart />
      <LeavePart me={me} />
    </div>
  );
}

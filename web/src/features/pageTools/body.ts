import type { ToolQuestion } from "@/api/types";
import type { PageProblem } from "./problem";

/** What a tool of the page is given by the dialog around it. */
export interface BodyProps {
  tool: ToolQuestion;
  /** The answer is on its way. */
  busy: boolean;
  send: (result: unknown) => void;
  fail: (problem: PageProblem) => void;
}

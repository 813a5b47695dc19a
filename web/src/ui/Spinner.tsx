import { LoaderCircle } from "lucide-react";

/** Shows that something is under way; what that is, the text beside it says. */
export function Spinner({ className = "size-4" }: { className?: string }) {
  return <LoaderCircle aria-hidden className={`${className} animate-spin`} />;
}

import type { SelectHTMLAttributes } from "react";
import { cx } from "@/lib/cx";

/** How a choice out of a list looks. */
export const SELECT =
  "min-w-0 cursor-pointer rounded-lg border border-line-strong/45 bg-raised pr-1 pl-2 text-[0.93rem] " +
  "hover:border-line-strong aria-invalid:border-danger disabled:opacity-60";

interface SelectProps<Value extends string>
  extends Omit<SelectHTMLAttributes<HTMLSelectElement>, "value" | "onChange"> {
  value: Value;
  options: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
}

/** One of a few, as the system shows it: small, and at home on phones. */
export function Select<Value extends string>({
  value,
  options,
  onChange,
  className,
  ...rest
}: SelectProps<Value>) {
  return (
    <select
      {...rest}
      value={value}
      onChange={(event) => onChange(event.target.value as Value)}
      className={cx(SELECT, "h-9", className)}
    >
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  );
}

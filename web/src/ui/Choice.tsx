import { Radio } from "@base-ui/react/radio";
import { RadioGroup } from "@base-ui/react/radio-group";
import { useId } from "react";
import { cx } from "@/lib/cx";

interface ChoiceProps<Value extends string> {
  label: string;
  /** What is chosen says itself what it is: the label is for screen readers. */
  quiet?: boolean;
  value: Value;
  options: { value: Value; label: string }[];
  onChange: (value: Value) => void;
}

/** One of a few, all in sight. */
export function Choice<Value extends string>({ label, quiet, value, options, onChange }: ChoiceProps<Value>) {
  const id = useId();
  return (
    <div>
      <p id={id} className={cx("mb-2 font-medium text-[0.93rem]", quiet && "sr-only")}>
        {label}
      </p>
      <RadioGroup
        aria-labelledby={id}
        value={value}
        onValueChange={(next) => onChange(next as Value)}
        className="inline-flex max-w-full flex-wrap gap-1 rounded-xl bg-sunken p-1"
      >
        {options.map((option) => (
          <Radio.Root
            key={option.value}
            value={option.value}
            aria-label={option.label}
            className="flex h-9 cursor-pointer select-none items-center rounded-lg px-4 text-[0.93rem] text-ink-soft data-[checked]:bg-raised data-[checked]:font-medium data-[checked]:text-ink data-[checked]:shadow-sm"
          >
            {option.label}
          </Radio.Root>
        ))}
      </RadioGroup>
    </div>
  );
}

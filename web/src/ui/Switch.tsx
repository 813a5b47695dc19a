import { Switch as Base } from "@base-ui/react/switch";

interface SwitchProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  label: string;
  disabled?: boolean;
  id?: string;
  "aria-describedby"?: string;
}

export function Switch({ checked, onChange, label, disabled, ...rest }: SwitchProps) {
  return (
    <Base.Root
      id={rest.id}
      aria-describedby={rest["aria-describedby"]}
      checked={checked}
      onCheckedChange={onChange}
      disabled={disabled}
      aria-label={label}
      className="relative h-6 w-10 shrink-0 rounded-full bg-line-strong/60 p-0.5 transition-colors data-[checked]:bg-accent disabled:opacity-50"
    >
      <Base.Thumb className="block size-5 rounded-full bg-white shadow transition-transform data-[checked]:translate-x-4" />
    </Base.Root>
  );
}

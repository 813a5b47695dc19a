/** Whose page it is, above pages without a side bar. */
export function Brand() {
  return (
    <span className="flex items-center gap-2.5 font-semibold text-[1.05rem]">
      <Logo />
      Artel
    </span>
  );
}

/** Three who work as one. */
export function Logo({ className = "size-7" }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className={className}>
      <rect width="32" height="32" rx="8" className="fill-[#12605b]" />
      <g fill="none" stroke="#fff" strokeWidth="2" strokeLinecap="round" opacity=".6">
        <path d="M16 10.500 10.500 20.500M16 10.500l5.500 10M11 21.500h10" />
      </g>
      <g fill="#fff">
        <circle cx="16" cy="10" r="3.600" />
        <circle cx="10" cy="21.500" r="3.600" />
        <circle cx="22" cy="21.500" r="3.600" />
      </g>
    </svg>
  );
}

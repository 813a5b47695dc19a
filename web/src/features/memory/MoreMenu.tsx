import { Download, Ellipsis, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { MEMORY_EXPORT } from "@/api/memory";
import { IconButton } from "@/ui/IconButton";
import { Menu, MenuItem, MenuSeparator } from "@/ui/Menu";
import { ForgetAll } from "./ForgetAll";

/** What is done with the memory as a whole. */
export function MoreMenu() {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  const download = () => {
    const link = document.createElement("a");
    link.href = MEMORY_EXPORT;
    link.download = "memory.ndjson";
    link.click();
  };
  return (
    <>
      <Menu trigger={<IconButton icon={Ellipsis} label={t("memory.more")} />}>
        <MenuItem icon={Download} onSelect={download}>
          {t("memory.export")}
        </MenuItem>
        <MenuSeparator />
        <MenuItem icon={Trash2} danger onSelect={() => setAsking(true)}>
          {t("memory.forgetAll")}
        </MenuItem>
      </Menu>
      {asking && <ForgetAll onClose={() => setAsking(false)} />}
    </>
  );
}

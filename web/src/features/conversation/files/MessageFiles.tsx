import { useState } from "react";
import { useTranslation } from "react-i18next";
import { fileAddress } from "@/api/files";
import type { UserFile } from "@/api/types";
import { cx } from "@/lib/cx";
import { FileLink } from "@/ui/files/FileLink";
import { isPicture, isRecording } from "@/ui/files/kinds";
import { Lightbox } from "@/ui/files/Lightbox";

/** What was sent along with a message: pictures to look at, recordings to listen to, anything else to keep. */
export function MessageFiles({ files }: { files: readonly UserFile[] }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<number | null>(null);
  const pictures = files.filter(({ media_type }) => isPicture(media_type));
  const others = files.filter(({ media_type }) => !isPicture(media_type));
  return (
    <>
      {pictures.length > 0 && (
        <ul className="flex flex-wrap justify-end gap-2">
          {pictures.map((picture, index) => (
            <li key={picture.id} className="max-w-full">
              <button
                type="button"
                onClick={() => setOpen(index)}
                aria-label={t("files.open", { name: picture.name })}
                className="block max-w-full overflow-hidden rounded-2xl border border-line bg-sunken"
              >
                <img
                  src={fileAddress(picture.id)}
                  alt=""
                  loading="lazy"
                  decoding="async"
                  className={cx(
                    "min-w-20 max-w-full object-cover",
                    pictures.length === 1 ? "h-60" : "size-32 sm:size-40",
                  )}
                />
              </button>
            </li>
          ))}
        </ul>
      )}
      {others.length > 0 && (
        <ul className="flex flex-wrap justify-end gap-2">
          {others.map((file) => (
            <li key={file.id} className="min-w-0 max-w-full">
              {isRecording(file.media_type) ? (
                // biome-ignore lint/a11y/useMediaCaption: nobody has written down what is said in it
                <audio
                  controls
                  src={fileAddress(file.id)}
                  aria-label={file.name}
                  className="h-10 max-w-full"
                />
              ) : (
                <FileLink file={file} />
              )}
            </li>
          ))}
        </ul>
      )}
      {open !== null && <Lightbox pictures={pictures} first={open} onClose={() => setOpen(null)} />}
    </>
  );
}

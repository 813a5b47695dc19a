import { type PageProblem, problemOfPosition } from "./problem";

export interface Position {
  latitude: number;
  longitude: number;
  /** Meters. */
  accuracy: number;
}

const PATIENCE_MS = 20_000;
const STILL_TRUE_MS = 60_000;

/** Where the device is. Rejects with a PageProblem. */
export function findPosition(exactly: boolean): Promise<Position> {
  return new Promise((resolve, reject: (problem: PageProblem) => void) => {
    if (!navigator.geolocation || !isSecureContext) return reject({ error: "unsupported" });
    navigator.geolocation.getCurrentPosition(
      ({ coords: { latitude, longitude, accuracy } }) => resolve({ latitude, longitude, accuracy }),
      (error) => reject(problemOfPosition(error)),
      { enableHighAccuracy: exactly, timeout: PATIENCE_MS, maximumAge: STILL_TRUE_MS },
    );
  });
}

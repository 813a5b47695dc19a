import { useQueryClient } from "@tanstack/react-query";
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { fetchMe } from "@/api/account";
import { onSignInExpired, reportSignInExpired } from "@/api/http";
import type { Me, Message } from "@/api/types";
import { everyoneLeads, lockElection } from "@/live/election";
import { LiveSpace } from "@/live/space";
import type { ConversationStore, StoreState } from "@/live/store";
import type { Connection, Source, StreamServices } from "@/live/stream";
import { type Channel, Tabs } from "@/live/tabs";

const SpaceContext = createContext<LiveSpace | null>(null);

/** A machine that slept this long may hold a connection that died without a word. */
const SLEEP_MS = 60_000;

const services: Omit<StreamServices, "isSignedIn"> = {
  connect: (url) => new EventSource(url) as Source,
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

interface LiveProviderProps {
  me: Me;
  /** Is called when the sign-in has ended. */
  expired: () => void;
  /** Rises when the user has signed in again: the stream starts anew. */
  signIns: number;
  children: ReactNode;
}

/** Keeps one live space for the signed-in user. */
export function LiveProvider({ me, expired, signIns, children }: LiveProviderProps) {
  const client = useQueryClient();
  const role = useRef(me.role);
  role.current = me.role;
  const [space] = useState(() => new LiveSpace(me.id, client, reportSignInExpired));

  useEffect(() => {
    const channel = new BroadcastChannel(`artel.${me.id}`) as Channel;
    const election = navigator.locks ? lockElection(navigator.locks, `artel.${me.id}`) : everyoneLeads;
    const isSignedIn = async () => {
      const now = await fetchMe();
      // A stream also ends when its user's role is another one: the page shows what that one may see.
      if (now && now.role !== role.current) space.changed("me");
      return now !== null;
    };
    const tabs = new Tabs(channel, election, { ...services, isSignedIn }, space);
    space.join(tabs);
    if (signIns > 0) space.resendRefused();
    const stopWaking = wakeOnReturn(() => tabs.wake());
    return () => {
      stopWaking();
      space.leave();
    };
  }, [me.id, space, signIns]);

  useEffect(() => onSignInExpired(expired), [expired]);

  return <SpaceContext value={space}>{children}</SpaceContext>;
}

function wakeOnReturn(wake: () => void): () => void {
  let hiddenAt = 0;
  const onVisibility = () => {
    if (document.hidden) hiddenAt = Date.now();
    else if (hiddenAt && Date.now() - hiddenAt > SLEEP_MS) wake();
  };
  addEventListener("online", wake);
  document.addEventListener("visibilitychange", onVisibility);
  return () => {
    removeEventListener("online", wake);
    document.removeEventListener("visibilitychange", onVisibility);
  };
}

export function useSpace(): LiveSpace {
  const space = useContext(SpaceContext);
  if (!space) throw new Error("useSpace needs a LiveProvider above it");
  return space;
}

export function useConnection(): Connection {
  const space = useSpace();
  return useSyncExternalStore(space.subscribe, space.getConnection);
}

/** A part of a chat's state; renders again only when that part changed (compared by identity). */
export function useChatState<Part>(store: ConversationStore, select: (state: StoreState) => Part): Part {
  return useSyncExternalStore(store.subscribe, () => select(store.getState()));
}

export function useMessage(store: ConversationStore, id: string): Message | undefined {
  return useChatState(store, (state) => state.conversation?.messages[id]);
}

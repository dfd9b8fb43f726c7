// On the pages with a live connection: when the session is over, go to the sign-in page at once,
// instead of showing that the connection is lost.
(() => {
  const SIGNED_OUT = 4401;
  const leave = () => {
    const here = location.pathname + location.search;
    location.replace(here === "/" ? "/login" : `/login?next=${encodeURIComponent(here)}`);
  };
  window.WebSocket = class extends window.WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener("close", async (event) => {
        if (event.code === SIGNED_OUT) {
          leave();
          return;
        }
        try {
          const answer = await fetch("/auth/session", { cache: "no-store" });
          if (answer.status === 401) leave();
        } catch {
          // The server is gone for now; Streamlit tries again, and so do we then.
        }
      });
    }
  };
})();

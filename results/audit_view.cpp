#include "results/audit_view.h"

namespace moe {

void add_audit_view(SQLite::Database& db) {
  db.exec(R"(
CREATE TEMP VIEW audit_line AS
SELECT target, suite, run, ordinal, build,
       CASE WHEN pairs IS NULL THEN suite || ' on ' || about || ': ' || replace(outcome, '_', ' ') || ' (' || reason
            ELSE CASE suite
                 WHEN 'audit_sharing' THEN 'sharing changes ' || differing || ' of ' || pairs || ' log-likelihoods'
                 WHEN 'audit_batch' THEN 'order and batch change ' || differing || ' of ' || pairs || ' log-likelihoods'
                 WHEN 'audit_numerics' THEN 'beside numerics=reference log-likelihoods differ by ' || largest || ' at most, ' ||
                   flipped || ' of ' || questions || ' answers' || coalesce(' and ' || experts || ' of ' || choices || ' expert choices', '') || ' change'
                 ELSE differing || ' of ' || pairs || ' log-likelihoods differ' END ||
                 ' (' || suite || ' on ' || about || CASE outcome WHEN 'ok' THEN '' ELSE ', ' || replace(outcome, '_', ' ') END
       END || ', run ' || run || ')' AS text
FROM (
  SELECT c.target, c.suite, n.run, r.build, n.outcome, n.reason, coalesce(c.point ->> 'suite', '?') AS about, n.ordinal,
         max(CASE m.name WHEN 'differing_log_likelihoods' THEN printf('%,d', v.estimate) END) AS differing,
         max(CASE m.name WHEN 'differing_log_likelihoods' THEN printf('%,d', v.n) END) AS pairs,
         max(CASE m.name WHEN 'max_log_likelihood_difference' THEN printf('%.2g', v.estimate) END) AS largest,
         max(CASE m.name WHEN 'flipped_answers' THEN printf('%,d', v.estimate) END) AS flipped,
         max(CASE m.name WHEN 'flipped_answers' THEN printf('%,d', v.n) END) AS questions,
         max(CASE m.name WHEN 'flipped_expert_choices' THEN printf('%,d', v.estimate) END) AS experts,
         max(CASE m.name WHEN 'flipped_expert_choices' THEN printf('%,d', v.n) END) AS choices
  FROM newest n JOIN "case" c ON c.id = n."case" JOIN suite s ON s.id = n.suite AND s.kind = 'audit' JOIN run r ON r.id = n.run
  LEFT JOIN value v ON v.case_run = n.id AND v.scope = '' LEFT JOIN metric m ON m.id = v.metric
  GROUP BY n.id))");
}

}  // namespace moe
